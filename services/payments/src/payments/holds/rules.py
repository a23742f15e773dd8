"""Holds that staff give back. Pure. How one is renewed, an order asks as well: :mod:`payments.payment.rules.asking`."""

from datetime import datetime

from payments.payment.rules.asking import let_go
from payments.payment.rules.drafting import Draft, Settled
from payments.payment.rules.payment import Payment


def void_hold(payment: Payment, at: datetime, *, by: str) -> Settled:
    """Staff give the hold back; the order hears that nothing is held any more."""
    draft = Draft(payment, at, by)
    let_go(draft, "void asked")
    return draft.done()
