"""The cost of an order: goods, shipping, fee, coupon and points."""
