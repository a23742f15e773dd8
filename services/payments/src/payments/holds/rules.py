"""Rules for holds that staff release. Pure. :mod:`payments.payment.rules.order_wishes` renews a hold, also for an order."""

from datetime import datetime

from payments.payment.rules.drafting import Draft, Settled
from payments.payment.rules.holds.ends import release_hold
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms


def may_void_hold(payment: Payment) -> bool:
    """Return whether staff may release a hold: it still exists, and it certainly belongs to this order."""
    return payment.state == "authorized" and not payment.contradicted


def void_hold(payment: Payment, _: Terms, at: datetime, *, by: str) -> Settled:
    """Request the release of the hold. The order gets an event that nothing is held any more."""
    draft = Draft(payment, at, by)
    if may_void_hold(payment):
        release_hold(draft, "void asked")
    return draft.done()
