"""Holds that staff give back. Pure. How one is reauthorized, an order asks as well: :mod:`payments.payment.rules.asking`."""

from datetime import datetime

from payments.payment.rules.asking import let_go
from payments.payment.rules.drafting import Draft, Settled
from payments.payment.rules.payment import Payment


def may_void_hold(payment: Payment) -> bool:
    """Return whether a hold stands that staff may give back: it is certain that it is this order's."""
    return payment.state == "authorized" and not payment.contradicted


def void_hold(payment: Payment, at: datetime, *, by: str) -> Settled:
    """Staff give the hold back; the order hears that nothing is held any more."""
    draft = Draft(payment, at, by)
    if may_void_hold(payment):
        let_go(draft, "void asked")
    return draft.done()
