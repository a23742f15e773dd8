"""メッセージセンター: what buyers were told by mail, on the site."""
