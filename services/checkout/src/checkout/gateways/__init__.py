"""What checkout reads from other services for its pages; never needed to place an order."""
