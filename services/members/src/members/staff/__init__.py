"""The staff at the desk and their login."""
