"""Decisions of staff about reports that contradict the books: disown an object, count it again, deny a request."""
