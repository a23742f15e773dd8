"""What staff must know about the money of an order, and whether something unusual changed. Pure.

An order that is authorized, shipped and captured, or whose number is paid exactly, publishes no standing. Its own
events have everything about it.
"""

from datetime import datetime
from typing import Any

from payments.payment.rules.drafting import Draft, Settled, and_then
from payments.payment.rules.payment import Payment
from shared.events import PaymentStandingChanged


def with_standing(before: Payment, settled: Settled, at: datetime) -> Settled:
    """Return ``settled`` with one ``PaymentStandingChanged`` under the next revision, if the standing changed."""
    after = settled.payment
    returned = before.goes_on and before.refunded_amount != after.refunded_amount
    if not returned and not _turned(before, after) and _beside(before) == _beside(after):
        return settled
    by = next((step.by for step in reversed(settled.steps) if step.by), "")
    draft = Draft(after.changed(revision=after.revision + 1), at, by)
    draft.say(
        PaymentStandingChanged,
        revision=draft.payment.revision,
        calls=after.calls,
        expected_amount=after.amount,
        captured_amount=after.captured_amount,
        sale_amount=after.sale_amount,
        lost_its_sale=after.lost_its_sale,
        suspense_amount=after.suspense_amount,
        refunded_amount=after.refunded_amount,
        refunded_elsewhere_amount=after.refunded_elsewhere_amount,
        lost_amount=after.lost_amount,
        charged_back_amount=after.charged_back_amount,
        respond_by=after.respond_by,
    )
    return and_then(settled, draft.done())


def _turned(before: Payment, after: Payment) -> bool:
    """Return whether the last of the money that paid for an order that goes on was returned, or is here again."""
    return not after.order_cancelled and before.lost_its_sale != after.lost_its_sale


def _beside(payment: Payment) -> tuple[Any, ...]:
    return (
        payment.calls,
        payment.suspense_amount,
        payment.suspense_returned_amount,
        [(one.reference, one.state, one.amount, one.respond_by) for one in payment.chargebacks],
        payment.reversals,
        payment.losses,
        payment.outside,
    )
