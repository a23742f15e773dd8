"""Carts: their contents, their owners, and the cart of a browser."""
