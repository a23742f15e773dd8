"""Orders: their states, the allowed changes, and their history.

``rules`` defines orders and their allowed changes. ``heard`` contains the code that consumers call. ``told`` stores
what other services reported about an order. This folder has the use cases (``<verb>_<noun>.py``), the order book that
makes all changes, and the rows.
"""
