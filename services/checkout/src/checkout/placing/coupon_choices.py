"""The coupons that a member can choose on the pages of the order, with effect and conditions."""

from collections.abc import Iterable
from typing import Any

from checkout.pricing.coupon import Coupon
from checkout.pricing.shipping import ShippingRules
from shared.events import Amounts

NONE = "none"


def coupon_choices(
    usable: Iterable[Coupon], used: Coupon | None, amounts: Amounts, shipping: ShippingRules
) -> dict[str, Any]:
    """Return the values of `_coupons.html`. The coupon in use is included even if members does not respond."""
    by_id = {coupon.issue_id: coupon for coupon in ([used] if used else [])}
    by_id |= {coupon.issue_id: coupon for coupon in usable}
    return {
        "coupon_used": used.name if used else "",
        "coupons": [
            _choice(coupon, amounts, shipping, chosen=used is not None and used.issue_id == coupon.issue_id)
            for coupon in sorted(by_id.values(), key=lambda coupon: coupon.expires_at)
        ],
    }


def _choice(coupon: Coupon, amounts: Amounts, shipping: ShippingRules, *, chosen: bool) -> dict[str, Any]:
    """Return one coupon card. A coupon that would be refused shows the reason and cannot be chosen."""
    too_little = amounts.items < coupon.minimum
    hints = [f"{coupon.last_day:%Y/%m/%d}まで"]
    if coupon.minimum:
        hints.append(f"商品合計¥{coupon.minimum:,}以上でご利用いただけます")
    if coupon.frees_shipping and shipping.fee_for(amounts.items, discounts=amounts.point_discount) == 0:
        hints.append("このご注文の送料はすでに無料です")
    return {
        "value": str(coupon.issue_id),
        "label": coupon.name,
        "effect": coupon.effect,
        "hint": "。".join(hints),
        "chosen": chosen,
        "disabled": too_little and not chosen,
    }
