"""The list of deeds of staff at the desks."""
