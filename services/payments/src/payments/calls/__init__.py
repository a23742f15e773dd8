"""Calls: words that ask for a person, and are over once one has seen them."""
