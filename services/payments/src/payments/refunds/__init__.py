"""Refunds that staff request from the provider, or record after another way."""
