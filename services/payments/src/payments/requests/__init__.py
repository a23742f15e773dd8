"""Requests: questions to providers about one amount, and what their results mean for the payment."""
