"""Points and a coupon set aside for an order that is being made."""
