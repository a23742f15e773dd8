"""members: the members of the shop and its staff, with their sessions, Amazon links and points."""
