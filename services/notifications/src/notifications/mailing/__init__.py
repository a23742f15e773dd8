"""Mails: how they are stored and sent, and the outcome of each try."""
