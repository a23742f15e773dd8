"""What became of the buyer's money of a cancelled order, as far as payments told."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from checkout.orders.rules.order import Order, OrderRow
from shared.shop.money_back import MoneyBack

WaitsFor = Literal["", "chargeback", "check"]

_PAID = ("captured", "refunded_in_part")


def refund_waits_for(calls: Sequence[str]) -> WaitsFor:
    """Return what payments awaits before it gives anything back, by its words: a bank's decision, or a person's look."""
    if "chargeback" in calls:
        return "chargeback"
    return "check" if "refund_unexplained" in calls else ""


@dataclass(frozen=True, slots=True)
class EndedMoney:
    """The buyer's money of an order that ends or has ended, in yen, as OrderCancelled tells it."""

    received_amount: int
    refunded_amount: int
    refund_amount: int
    refund_waits_for: WaitsFor


def money_of_ended(order: Order) -> EndedMoney:
    """Return all that came in, what of it went back, what goes back now, and what that waits for."""
    received, here = order.money_received, order.money_with_us
    waits_for = refund_waits_for(order.standing.calls) if here else ""
    return EndedMoney(received, received - here, here, waits_for)


def money_back(order: OrderRow) -> MoneyBack:
    """Return what became of the money, also of money that was never captured: short, or after the deadline.

    ``owed``: a refund of it failed, and staff have to ask again.
    """
    if order.payment == "refunded":
        return "given_back"
    unrefunded = not order.standing.refunded and order.payment in _PAID and bool(order.total)
    here = bool(order.standing.money) or unrefunded
    if here and refund_waits_for(order.standing.calls):
        return "waiting"
    if here:
        return "owed" if "refund_failed" in order.standing.calls else "on_its_way"
    return "given_back" if order.standing.refunded else "nothing_came"
