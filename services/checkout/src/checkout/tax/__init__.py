"""Consumption tax: the classes of goods, the rates with the days from which they hold, and the rounding."""
