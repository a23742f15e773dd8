"""Amazon Pay for demo and tests: API v2, hosted pages, console and notices, with its own ledger.

It does not imitate:

- live accounts and real money; identity checks, passwords and two-step verification (the demo's user just picks an
  account);
- throttling by the clock (429 comes only on demand);
- saved-wallet permissions (`PaymentMethodOnFile`: the Japanese limit is not known);
- several addresses in one session; ProcessOrder and Finalize; Prime memberships;
- chargebacks beyond the notice of one; reports, disbursements, delivery trackers and solution providers;
- Amazon's script `checkout.js` (the button's signed payload comes as a form or link instead);
- access control of its console.

A `softDescriptor` is accepted with every charge, not only with `captureNow`.

Where Amazon publishes nothing, the simulator chooses:

- A refusal is not kept under an idempotency key.
- An account of another marketplace comes back as a session without a buyer (constraint `BuyerNotAssociated`).
- `shippingAddressList` is filled for every session.
- `reasonDescription` has the reason of a decline.
- An open authorization does not change the balance of its permission.
- The month of a recurring permission begins in Japan at midnight.
- `refundedAmount` counts a refund after it is completed.
- The notice of a chargeback names the charge.

Run it with `python -m payments.methods.amazon_pay.simulator`. `... simulator keys DIRECTORY` writes the demo's key
pair. Production images do not contain it.
"""
