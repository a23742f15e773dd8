"""Orders: how they stand, what may follow, and everything that happened around them."""
