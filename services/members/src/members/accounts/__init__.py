"""Accounts of members, their passwords, and finding members."""
