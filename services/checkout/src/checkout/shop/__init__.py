"""What all pages of the shop stand on, and the settings that staff change."""
