"""What an order costs: goods, shipping, fee, coupon and points."""
