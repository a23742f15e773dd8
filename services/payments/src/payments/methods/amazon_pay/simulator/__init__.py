"""Amazon Pay for demo and tests: API v2, hosted pages, console and notices, with a ledger of its own.

What it does not imitate: live accounts and real money; throttling by the clock (429 comes only when asked
for); saved-wallet permissions (`PaymentMethodOnFile`: the Japanese limit is not known), several addresses in
one session, ProcessOrder and Finalize; chargebacks beyond the notice of one, reports, disbursements, delivery
trackers and solution providers; Prime memberships; identity checks, passwords and two-step verification (the
demo's user just picks an account); Amazon's script `checkout.js` (the button's signed payload comes as a form
or link instead); access control of its console. A `softDescriptor` is taken with every charge, not only with
`captureNow`.

Where Amazon publishes nothing it chooses: refusals are not kept under an idempotency key, an account of
another marketplace comes back as a session without a buyer (constraint `BuyerNotAssociated`),
`shippingAddressList` is filled for every session, the reason of a decline stands in `reasonDescription`, an
open authorization leaves the balance of its permission alone, the month of a recurring permission begins in
Japan at midnight, `refundedAmount` counts a refund once it is done, and the notice of a chargeback names the
charge.

Run it with `python -m payments.methods.amazon_pay.simulator`; `... simulator keys DIRECTORY` writes the
demo's key pair. It is kept out of production images.
"""
