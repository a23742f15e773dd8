"""The pages between cart and order, and the till, which places orders."""
