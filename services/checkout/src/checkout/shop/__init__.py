"""The common parts of all pages of the shop, and the settings that staff change."""
