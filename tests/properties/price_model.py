"""What an order costs, computed a second way: fractions of yen, rate by rate. It imports nothing of the shop."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor


@dataclass(frozen=True)
class Goods:
    """Pieces of one product; ``food`` has the reduced rate."""

    price: int
    pieces: int
    food: bool


@dataclass(frozen=True)
class Basket:
    """A basket with everything that changes its price. ``changes`` are the yen that the shop's rules add or take off.

    ``coupon`` is its kind with its value, or None.
    """

    goods: Sequence[Goods]
    standard: int
    reduced: int
    rounding: str
    shipping: int
    free_from: int | None
    after_discounts: bool
    fee: int
    changes: Sequence[int]
    coupon: tuple[str, int] | None
    points: int


@dataclass(frozen=True)
class Priced:
    """The total, and by rate the yen charged with the tax in them."""

    total: int
    by_rate: Mapping[int, tuple[int, int]]


def priced(basket: Basket) -> Priced | None:
    """Return the price, or None if the discounts exceed it."""
    parts: dict[int, int] = {}
    for one in basket.goods:
        rate = basket.reduced if one.food else basket.standard
        parts[rate] = parts.get(rate, 0) + one.price * one.pieces
    items = sum(parts.values())
    for change in basket.changes:
        parts = spread(parts, max(change, -sum(parts.values())))
    goods = sum(parts.values())
    off = coupon_off(basket.coupon, goods)
    parts = spread(parts, -off)
    counted = goods - off - basket.points if basket.after_discounts else items
    free = basket.coupon is not None and basket.coupon[0] == "free_shipping"
    free = free or (basket.free_from is not None and counted >= basket.free_from)
    fees = (0 if free else basket.shipping) + basket.fee
    if fees:
        parts[basket.standard] = parts.get(basket.standard, 0) + fees
    total = sum(parts.values()) - basket.points
    if total < 0:
        return None
    parts = spread(parts, -basket.points)
    return Priced(total, {rate: (yen, tax(yen, rate, basket.rounding)) for rate, yen in parts.items()})


def coupon_off(coupon: tuple[str, int] | None, goods: int) -> int:
    """Return the yen that a coupon takes off goods."""
    kind, value = coupon or ("none", 0)
    if kind == "percent_off":
        return floor(goods * Fraction(value, 100))
    return min(value, goods) if kind == "amount_off" else 0


def spread(parts: Mapping[int, int], change: int) -> dict[int, int]:
    """Return the parts changed in proportion.

    Every part gets the whole yen of its quota; the missing yen go one by one to the part that is furthest below its
    quota, of equal ones to the higher rate.
    """
    whole, size = sum(parts.values()), abs(change)
    if not whole:
        return {rate: change if rate == max(parts) else 0 for rate in parts}
    quota = {rate: Fraction(size * part, whole) for rate, part in parts.items()}
    given = {rate: floor(share) for rate, share in quota.items()}
    while sum(given.values()) < size:
        behind = max(parts, key=lambda rate: (quota[rate] - given[rate], rate))
        given[behind] += 1
    return {rate: part + (given[rate] if change > 0 else -given[rate]) for rate, part in parts.items()}


def tax(yen: int, rate: int, rounding: str) -> int:
    """Return the tax inside an amount."""
    exact = yen - yen / (1 + Fraction(rate, 100))
    return {"down": floor(exact), "up": ceil(exact), "half_up": floor(exact + Fraction(1, 2))}[rounding]
