"""One process of a service: its roles, settings, start, health and end."""
