"""The payment methods in use, as payments last reported them."""
