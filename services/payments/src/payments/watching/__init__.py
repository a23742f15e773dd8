"""Watching: looks at a payment at its deadline, at intervals, or at the request of staff."""
