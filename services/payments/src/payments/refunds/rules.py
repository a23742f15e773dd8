"""Which refunds staff may request or record, and up to which amount. Pure.

A rule returns the payment unchanged if the deed is not possible. ``may_...`` and ``..._max`` check this before.
"""

from datetime import datetime

from payments.payment.rules.answers import RefundRoute
from payments.payment.rules.drafting import Draft, Settled
from payments.payment.rules.moves import OVER, RefundRequested
from payments.payment.rules.payment import Payment
from payments.payment.rules.refunds.bookings import book_outside_refund
from payments.payment.rules.refunds.taking_back import take_back_outside_refund
from payments.payment.rules.terms import Terms
from shared.errors import Refused


def may_refund_again(payment: Payment) -> bool:
    """Return whether money is here that must be refunded, without a refund in progress.

    An earlier refund failed, or the money came late.
    """
    late = payment.state in OVER and "late_money" in payment.calls
    owed = payment.state == "owed" or late or (payment.state == "captured" and payment.order_cancelled)
    return (
        owed
        and payment.held_amount > 0
        and not payment.refund_requested_amount
        and not payment.refunds_stopped
    )


def refund_again(payment: Payment, _: Terms, at: datetime, *, by: str = "") -> Settled:
    """Request a refund that failed, or was left to staff, once more: of all money that is here now."""
    draft = Draft(payment, at, by)
    if may_refund_again(payment) and draft.move(RefundRequested, "refund asked again"):
        draft.request("refund", payment.held_amount)
    return draft.done()


def may_refund_spare(payment: Payment, terms: Terms) -> bool:
    """Return whether more came in than a paid order costs, and the provider can refund the excess."""
    return payment.spare_amount > 0 and _may_refund_beside_the_order(payment, terms)


def _may_refund_beside_the_order(payment: Payment, terms: Terms) -> bool:
    """Return whether the provider can refund some money of a paid order while the order goes on."""
    free = not payment.refund_requested_amount and not payment.refunds_stopped
    can = terms.part_refunds and terms.flow != "unmanaged"
    return payment.keeps_its_sale and free and can


def refund_spare(payment: Payment, terms: Terms, at: datetime, *, by: str) -> Settled:
    """Request a refund of the excess. The order stays paid."""
    draft = Draft(payment, at, by)
    if may_refund_spare(payment, terms):
        draft.end_calls("refund requested")
        draft.note("spare refund asked")
        draft.request("refund", payment.spare_amount)
    return draft.done()


def part_refund_max(payment: Payment, terms: Terms) -> int:
    """Return the maximum amount of a refund of a paid order that goes on, in yen (PAY-18)."""
    return payment.held_amount if _may_refund_beside_the_order(payment, terms) else 0


def refund_part(
    payment: Payment, terms: Terms, at: datetime, *, amount: int, reason: str, by: str
) -> Settled:
    """Request a refund of ``amount`` yen of a paid order, with a reason for its history."""
    draft = Draft(payment, at, by)
    if 0 < amount <= part_refund_max(payment, terms):
        draft.end_calls("refund requested")
        draft.note("part refund asked", f"¥{amount:,} {reason}")
        draft.request("refund", amount, of_sale=True)
    return draft.done()


def outside_amount_max(payment: Payment) -> int:
    """Return the maximum amount of a refund that staff may record, in yen."""
    return 0 if payment.refund_requested_amount else payment.held_amount


def record_outside_refund(
    payment: Payment, at: datetime, *, ref: str, amount: int, route: RefundRoute, note: str, by: str
) -> Settled:
    """Book a refund that no provider reports, once by ``ref``."""
    draft = Draft(payment, at, by)
    if ref not in payment.refunds and 0 < amount <= outside_amount_max(payment):
        draft.note("settled outside", note)
        book_outside_refund(draft, ref, amount, route, "settled outside")
        draft.return_unneeded_money()
    return draft.done()


def take_back_refund(payment: Payment, at: datetime, *, ref: str, by: str) -> Settled:
    """Take back a refund that staff recorded by mistake. It is possible until a provider has reported the refund."""
    draft = Draft(payment, at, by)
    for record in payment.outside:
        if record.ref == ref:
            take_back_outside_refund(draft, record, "outside taken back")
    return draft.done()


def check_within(most: int, amount: int, field: str) -> None:
    """Raise Refused, at the ``field`` of a form, if ``amount`` exceeds the ``most`` yen that may be refunded."""
    if amount > most:
        text = f"返金できるのは¥{most:,}までです。" if most else "いま返金できる金額はありません。"
        raise Refused("more_than_held", text, field=field, status=422)
