"""The shop's rules for points and Amazon login."""
