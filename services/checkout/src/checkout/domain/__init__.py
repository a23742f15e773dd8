"""What is true of carts, prices and orders; no input or output."""
