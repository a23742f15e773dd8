"""A collecting company and its tills, for demo and tests. Never run it in production.

It imitates:

- one number per reference, with idempotency keys; a deadline; closing;
- receipts from tills: several, of any amount, also late;
- signed notices, which are repeated until the shop answers 200;
- refunds.

It does not imitate:

- 速報 and 確報 as two notices, and 速報取消;
- the slips and texts of the chains' own terminals;
- settlement to the shop's account, and fees;
- any security of its console.
"""
