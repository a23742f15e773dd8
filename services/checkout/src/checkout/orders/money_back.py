"""What became of the buyer's money of a cancelled order, as far as payments told."""

from collections.abc import Sequence
from typing import Literal, Protocol

MoneyBack = Literal["nothing_came", "on_its_way", "waiting", "owed", "given_back"]
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


def money_back(row: _Stored) -> MoneyBack:
    """Return what became of the money, also of money that was never captured: short, or after the deadline.

    ``owed``: a refund of it failed, and staff have to ask again.
    """
    if row.payment == "refunded":
        return "given_back"
    here = bool(row.money_with_us) or (not row.refunded_amount and row.payment in _PAID and bool(row.total))
    if here and refund_waits_for(row.payment_calls):
        return "waiting"
    if here:
        return "owed" if "refund_failed" in row.payment_calls else "on_its_way"
    return "given_back" if row.refunded_amount else "nothing_came"
