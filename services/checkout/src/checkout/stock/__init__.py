"""How much is left of each product, the ledger that explains it, and goods that arrive."""
