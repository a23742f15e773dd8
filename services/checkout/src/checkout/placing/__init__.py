"""From the cart to an order: the pages of the order, and the till where orders are placed."""
