"""The settings of payments that staff change: when money is captured, and how methods are named and offered."""
