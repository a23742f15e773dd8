"""Logins: their begin, their rights and their end."""
