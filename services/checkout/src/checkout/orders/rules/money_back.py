"""What happened to the buyer's money of a cancelled order, as far as payments reported."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from checkout.orders.rules.order import Order, OrderRow
from shared.shop.money_back import MoneyBack

WaitsFor = Literal["", "chargeback", "check"]

_PAID = ("captured", "refunded_in_part")


def refund_waits_for(calls: Sequence[str]) -> WaitsFor:
    """Return what payments waits for before a refund, by its calls: the bank's decision or a check by staff."""
    if "chargeback" in calls:
        return "chargeback"
    return "check" if "refund_unexplained" in calls else ""


@dataclass(frozen=True, slots=True)
class EndedMoney:
    """The buyer's money of an order that ends or has ended, in yen, as OrderCancelled carries it."""

    received_amount: int
    refunded_amount: int
    refund_amount: int
    refund_waits_for: WaitsFor


def money_of_ended(order: Order) -> EndedMoney:
    """Return the money received, refunded and to be refunded now, and what the refund waits for."""
    received, here = order.money_received, order.money_with_us
    waits_for = refund_waits_for(order.standing.calls) if here else ""
    return EndedMoney(received, received - here, here, waits_for)


def money_back(order: OrderRow) -> MoneyBack:
    """Return what happened to the money, including money that was never captured (too little or too late).

    ``owed`` means that a refund failed and staff must request it again.
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
