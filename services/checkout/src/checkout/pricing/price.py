"""The cost of an order. Only this package computes prices, shipping, fees and discounts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from checkout.pricing.coupon import Coupon
from checkout.pricing.settings import PriceRule
from checkout.pricing.shipping import ShippingRules
from shared.errors import Refused
from shared.events import Adjustment, Amounts, Line


@dataclass(frozen=True)
class Discounts:
    """The discounts that members reserved for this order: points of one yen each, and perhaps a coupon (AP-23)."""

    points: int = 0
    coupon: Coupon | None = None


NO_DISCOUNTS = Discounts()


def price_order(
    lines: Iterable[Line],
    shipping: ShippingRules,
    *,
    adjusting: Sequence[PriceRule] = (),
    fee: int = 0,
    discounts: Discounts = NO_DISCOUNTS,
) -> Amounts:
    """Return the amounts of an order with ``lines`` paid by a method that costs ``fee`` yen.

    The rules of the shop change the price of the goods first. Then the coupon is subtracted, and last the points.
    Raises Refused(coupon_minimum), or Refused(discount_exceeds_total) if the discounts exceed the price. A total of 0
    yen is valid.
    """
    items = sum(line.unit_price * line.quantity for line in lines)
    adjustments = _adjustments(items, adjusting)
    goods = items + sum(one.amount for one in adjustments)
    coupon = discounts.coupon
    coupon_off = coupon.off(goods) if coupon else 0
    off = discounts.points + coupon_off
    free = coupon is not None and coupon.frees_shipping
    shipping_fee = 0 if free else shipping.fee_for(items, discounts=off + items - goods)
    total = goods + shipping_fee + fee - off
    if total < 0:
        raise Refused(
            "discount_exceeds_total",
            "ご利用ポイントとクーポンがお支払い合計を超えています。"
            "ご利用ポイントを減らすか、クーポンを外してください。",
            status=422,
        )
    return Amounts(
        items=items,
        adjustments=adjustments,
        shipping=shipping_fee,
        fee=fee,
        point_discount=discounts.points,
        coupon_discount=coupon_off,
        total=total,
    )


def _adjustments(items: int, adjusting: Sequence[PriceRule]) -> tuple[Adjustment, ...]:
    """Return the changes by the rules, in order. No change takes off more than the remaining price of the goods."""
    goods, adjustments = items, []
    for rule in adjusting:
        if adjustment := rule.adjust(goods):
            amount = max(adjustment.amount, -goods)
            adjustments.append(adjustment.model_copy(update={"amount": amount}))
            goods += amount
    return tuple(adjustments)
