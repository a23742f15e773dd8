"""The effects of an order on its member."""
