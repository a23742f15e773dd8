"""Chargebacks: the outcome of a payment that the buyer disputed at the bank, and its correction."""
