"""Orders: how they stand, what may follow, and everything that happened around them.

``rules`` says what an order is and what may follow. ``heard`` is where consumers come in, ``told`` what other services
told of an order. Here are the deeds of people (``<verb>_<noun>.py``), the order book that all changes go through,
and the rows.
"""
