"""Rows of checkout's own database."""
