"""Requests: calls to providers for one amount, and what their results mean for the payment."""
