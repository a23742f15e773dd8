"""Points and a coupon reserved for an order before its confirmation."""
