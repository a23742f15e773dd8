"""What payments and members told of orders: kept in columns and rows of our own, read by pages."""
