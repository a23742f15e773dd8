"""Changes of an order after events of other services: its state follows, and its timeline gets an entry.

``follow_….py`` changes orders. ``entries.py`` makes timeline entries from the lines of each event.
"""
