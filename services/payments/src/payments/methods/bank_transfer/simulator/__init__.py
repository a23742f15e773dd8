"""A bank with the shop's account, for demo and tests. Never run it in production.

It imitates a statement of deposits, which a person reads, and an interface for outgoing transfers with idempotency
keys. It does not imitate: matching of names, virtual accounts, banking hours, fees, returned transfers, and any
security of its console.
"""
