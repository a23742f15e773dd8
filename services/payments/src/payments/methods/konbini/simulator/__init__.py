"""A collecting company and its tills, for demo and tests.

It imitates: issuing one number per reference with idempotency keys, a deadline, closing, receipts taken by
tills (several, of any amount, late too), signed notices that are repeated until answered with 200, repayments.
It does not imitate: 速報 and 確報 as two notices, 速報取消, the slips and texts of the chains' own terminals,
settlement to the shop's account, fees, and any security of its console. Never run it in production.
"""
