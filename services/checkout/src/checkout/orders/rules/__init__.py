"""What an order is, how it may stand, and what may follow: pure functions and tables, no I/O."""
