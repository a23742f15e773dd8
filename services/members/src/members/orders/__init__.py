"""What an order does to its member."""
