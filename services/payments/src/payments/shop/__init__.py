"""What staff decide about payments: when money is captured, and how methods are named and offered."""
