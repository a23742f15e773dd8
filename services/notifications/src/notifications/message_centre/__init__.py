"""メッセージセンター: the mails of buyers, on the site."""
