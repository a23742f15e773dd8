"""The taxes within the total of an order: discounts are shared out over the rates, then each rate is rounded once (TAX-02)."""

from collections.abc import Iterable, Sequence

from checkout.tax.rules import TaxTerms
from shared.events import Amounts, Line
from shared.shop.taxes import share_out, taxed

_Rate = tuple[int, bool]
"""The rate in percent, and whether it is the reduced one."""


def with_taxes(amounts: Amounts, lines: Iterable[Line], terms: TaxTerms) -> Amounts:
    """Return ``amounts`` with the taxes that their total contains.

    Adjustments and the coupon change the goods. Points pay for goods, shipping and fee alike. Each is shared out over
    the rates by amount, so the parts add up to the total.
    """
    standard: _Rate = (terms.standard, False)
    goods: dict[_Rate, int] = {}
    for line in lines:
        rate = standard if line.tax_rate is None else (line.tax_rate, line.tax_reduced)
        goods[rate] = goods.get(rate, 0) + line.unit_price * line.quantity
    rates = sorted(goods, reverse=True)
    parts = [goods[rate] for rate in rates]
    for change in (*(one.amount for one in amounts.adjustments), -amounts.coupon_discount):
        parts = _plus(parts, change)
    charged = dict(zip(rates, parts, strict=True))
    if fees := amounts.shipping + amounts.fee:
        charged[standard] = charged.get(standard, 0) + fees
    rates = sorted(charged, reverse=True)
    parts = _plus([charged[rate] for rate in rates], -amounts.point_discount)
    taxes = tuple(
        taxed(rate, part, reduced=reduced, rounding=terms.rounding)
        for (rate, reduced), part in zip(rates, parts, strict=True)
    )
    return amounts.model_copy(update={"taxes": taxes, "tax_rounding": terms.rounding})


def _plus(parts: Sequence[int], change: int) -> list[int]:
    """Return the parts after a change of their sum, which is shared out over them."""
    shares = share_out(change, parts)
    return [part + share for part, share in zip(parts, shares, strict=True)]
