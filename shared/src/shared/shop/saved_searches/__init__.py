"""Saved searches of desk lists: filter and sort order under a name, for one member of staff or for all."""
