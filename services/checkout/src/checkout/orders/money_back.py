"""What became of the buyer's money of a cancelled order, as far as payments told."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from checkout.orders.order import Order
from shared.money_back import MoneyBack

WaitsFor = Literal["", "dispute", "check"]

_PAID = ("captured", "refunded_in_part")


class _Stored(Protocol):
    """The columns of a stored order that tell of its money; amounts in yen, None where nothing was told."""

    payment: str
    total: int
    refunded_amount: int
    money_with_us: int | None
    payment_calls: Sequence[str]


def refund_waits_for(calls: Sequence[str]) -> WaitsFor:
    """Return what payments awaits before it gives anything back, by its words: a bank's decision, or a person's look."""
    if "chargeback" in calls:
        return "dispute"
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


def money_back(row: _Stored) -> MoneyBack:
    """Return what became of the money, also of money that was never captured: short, or after the deadline."""
    if row.payment == "refunded":
        return "given_back"
    here = bool(row.money_with_us) or (not row.refunded_amount and row.payment in _PAID and bool(row.total))
    if here:
        return "waiting" if refund_waits_for(row.payment_calls) else "on_its_way"
    return "given_back" if row.refunded_amount else "nothing_came"
