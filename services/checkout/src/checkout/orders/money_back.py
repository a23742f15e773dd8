"""What became of the buyer's money of a cancelled order, as far as payments told."""

from collections.abc import Sequence
from typing import Literal

from checkout.orders.order import OrderState

MoneyBack = Literal["nothing_came", "on_its_way", "waiting", "given_back"]
WaitsFor = Literal["", "dispute", "check"]

_PAID = ("captured", "refunded_in_part")


def refund_waits_for(calls: Sequence[str]) -> WaitsFor:
    """Return what payments awaits before it gives anything back, by its words: a bank's decision, or a person's look."""
    if "chargeback" in calls:
        return "dispute"
    return "check" if "refund_unexplained" in calls else ""


def money_back(order: OrderState) -> MoneyBack:
    """Return what became of the money, also of money that was never captured: short, or after the deadline."""
    if order.payment == "refunded":
        return "given_back"
    here = bool(order.money_with_us) or (
        not order.refunded_amount and order.payment in _PAID and bool(order.total)
    )
    if here:
        return "waiting" if refund_waits_for(order.payment_calls) else "on_its_way"
    return "given_back" if order.refunded_amount else "nothing_came"
