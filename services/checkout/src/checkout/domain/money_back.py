"""What became of the buyer's money of a cancelled order, as far as payments told."""

from typing import Literal, Protocol

MoneyBack = Literal["nothing_came", "on_its_way", "given_back"]

_PAID = ("captured", "refunded_in_part")


class _Stored(Protocol):
    """The columns of a stored order that tell of its money; amounts in yen, None where nothing was told."""

    payment: str
    total: int
    refunded_amount: int
    money_with_us: int | None


def money_back(row: _Stored) -> MoneyBack:
    """Return what became of the money, also of money that was never captured: short, or after the deadline."""
    if row.payment == "refunded":
        return "given_back"
    if row.money_with_us:
        return "on_its_way"
    if row.refunded_amount:
        return "given_back"
    return "on_its_way" if row.payment in _PAID and row.total else "nothing_came"
