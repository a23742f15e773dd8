"""What payments and members reported about orders: stored in columns and rows of checkout, read by pages."""
