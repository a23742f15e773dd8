"""The stock of each product, its ledger, and receipts of goods."""
