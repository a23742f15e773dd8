"""Notices: messages from providers. They are stored and processed. Staff see those that nobody understands."""
