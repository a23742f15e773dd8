"""The payment: one try for one amount, with its rules, tables, requests and the snapshot of its order."""
