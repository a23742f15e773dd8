"""Mails as they are written down, leave, and what became of each try."""
