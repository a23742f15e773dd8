"""Consumption tax inside prices: the tax that an amount contains, and discounts shared out over the rates."""

from collections.abc import Sequence
from typing import Literal

from shared.events import Amounts, TaxedAmount

TaxRounding = Literal["down", "half_up", "up"]
"""How the tax of an order and rate is rounded, once: 切捨て, 四捨五入, 切上げ."""


def tax_within(amount: int, rate: int, rounding: str) -> int:
    """Return the tax of ``rate`` percent that ``amount`` contains, in yen. An unknown rounding rounds down."""
    whole, rest = divmod(amount * rate, 100 + rate)
    if rounding == "up":
        return whole + (rest > 0)
    if rounding == "half_up":
        return whole + (2 * rest >= 100 + rate)
    return whole


def share_out(whole: int, over: Sequence[int]) -> list[int]:
    """Return the shares of ``whole`` yen in proportion to ``over``. They add up to it: largest remainder (最大剰余法).

    Of equal remainders the earlier one gets the yen. If all of ``over`` is 0, the first share is the whole.
    """
    total = sum(over)
    if not total:
        return [whole, *[0] * (len(over) - 1)] if over else []
    sign = -1 if whole < 0 else 1
    divided = [divmod(abs(whole) * part, total) for part in over]
    left = abs(whole) - sum(share for share, _ in divided)
    first = sorted(range(len(over)), key=lambda index: (-divided[index][1], index))[:left]
    return [sign * (share + (index in first)) for index, (share, _) in enumerate(divided)]


def taxes_after(amounts: Amounts, waived: int) -> Sequence[TaxedAmount]:
    """Return the taxes of a total of which the shop does not claim ``waived`` yen. They are shared out like a discount."""
    taxes = amounts.taxes
    if waived <= 0 or not taxes:
        return taxes
    shares = share_out(waived, [one.amount for one in taxes])
    return [
        taxed(one.rate, one.amount - share, reduced=one.reduced, rounding=amounts.tax_rounding)
        for one, share in zip(taxes, shares, strict=True)
    ]


def taxed(rate: int, amount: int, *, reduced: bool, rounding: str) -> TaxedAmount:
    """Return an amount of one rate with the tax that it contains."""
    return TaxedAmount(rate=rate, reduced=reduced, amount=amount, tax=tax_within(amount, rate, rounding))
