"""The ledger of points."""
