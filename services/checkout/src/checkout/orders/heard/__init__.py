"""What is done about an order when another service says an event: it follows, and its timeline has an entry.

``follow_….py`` changes orders, ``entries.py`` makes the entries of the timeline of the lines of each event.
"""
