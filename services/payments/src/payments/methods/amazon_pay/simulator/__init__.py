"""Amazon Pay for demo and tests: API v2, hosted pages, console and notices, with a ledger of its own.

What it does not imitate: live accounts and real money; throttling by the clock (429 comes only when asked
for); recurring and saved-wallet permissions, ProcessOrder and Finalize; disputes, reports, disbursements,
delivery trackers and solution providers; identity checks, passwords and two-step verification (the demo's
user just picks an account); Amazon's script `checkout.js` (the button's signed payload comes as a form or
link instead); access control of its console. Where Amazon publishes nothing it chooses: refusals are not
kept under an idempotency key, an account of another marketplace comes back as a session without a buyer
(constraint `BuyerNotAssociated`), `shippingAddressList` is filled for every session, and the reason of a
decline stands in `reasonDescription`.

Run it with `python -m payments.methods.amazon_pay.simulator`; `... simulator keys DIRECTORY` writes the
demo's key pair. It is kept out of production images.
"""
