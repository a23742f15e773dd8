"""Logins: how they begin, what they may, how they end."""
