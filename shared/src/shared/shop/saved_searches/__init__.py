"""Saved searches of desk lists: what narrows a list, under a name, for one member of staff or for all of the shop."""
