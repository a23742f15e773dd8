"""The payment methods that payments has in use, as it last told them."""
