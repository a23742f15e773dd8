"""Carts: what is in them, whose they are, and the cart of a browser."""
