"""The books of a payment: its amounts, and the entries of the journal."""
