"""The rules of sending mail; no I/O."""
