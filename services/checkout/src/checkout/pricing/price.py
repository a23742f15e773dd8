"""What an order costs. Prices, shipping, fees and discounts are computed here and nowhere else.

The rules for shipping are the same for every payment method (AP-25, SHP-24).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from checkout.pricing.coupon import Coupon
from shared.errors import Refused
from shared.events import Amounts, Line


@dataclass(frozen=True)
class ShippingRules:
    """The shop's shipping fee in yen, and from which goods total it is free (None: never).

    ``after_discounts`` counts points and coupons off before the threshold is looked at (SHP-24).
    """

    fee: int
    free_from: int | None
    after_discounts: bool = False

    def fee_for(self, items: int, *, discounts: int = 0) -> int:
        """Return the shipping fee for goods of ``items`` yen."""
        counted = items - discounts if self.after_discounts else items
        return 0 if self.free_from is not None and counted >= self.free_from else self.fee

    def missing_until_free(self, items: int) -> int:
        """Return how many yen of goods are missing until shipping is free; 0 if it is, or never will be."""
        if self.free_from is None or self.fee_for(items) == 0:
            return 0
        return self.free_from - items


@dataclass(frozen=True)
class Discounts:
    """What members set aside for this order: points, each a yen off, and perhaps a coupon (AP-23)."""

    points: int = 0
    coupon: Coupon | None = None


NO_DISCOUNTS = Discounts()


def price_order(
    lines: Iterable[Line], shipping: ShippingRules, *, fee: int = 0, discounts: Discounts = NO_DISCOUNTS
) -> Amounts:
    """Return the amounts of an order with ``lines`` paid by a method that costs ``fee`` yen.

    The coupon comes off first, points off what is left. Raises Refused: coupon_minimum, or
    discount_exceeds_total if more would come off than there is to pay. Nothing left to pay is 0 yen.
    """
    items = sum(line.unit_price * line.quantity for line in lines)
    coupon = discounts.coupon
    coupon_off = coupon.off(items) if coupon else 0
    off = discounts.points + coupon_off
    free = coupon is not None and coupon.frees_shipping
    shipping_fee = 0 if free else shipping.fee_for(items, discounts=off)
    total = items + shipping_fee + fee - off
    if total < 0:
        raise Refused(
            "discount_exceeds_total",
            "ご利用ポイントとクーポンがお支払い合計を超えています。"
            "ご利用ポイントを減らすか、クーポンを外してください。",
            status=422,
        )
    return Amounts(
        items=items,
        shipping=shipping_fee,
        fee=fee,
        point_discount=discounts.points,
        coupon_discount=coupon_off,
        total=total,
    )
