"""What the order would cost if it were placed now: the summary beside every step of the checkout."""

from dataclasses import dataclass
from typing import Any

from checkout.domain.cart import Cart
from checkout.domain.coupon import Coupon
from checkout.domain.price import NO_DISCOUNTS, Discounts, ShippingRules, price_order
from shared.errors import Refused
from shared.events import Amounts, Line


@dataclass(frozen=True)
class Quote:
    """Amounts with the lines of their table; ``trouble`` says why the discounts cannot be taken off."""

    amounts: Amounts
    trouble: str = ""
    coupon: Coupon | None = None

    @property
    def lines(self) -> list[tuple[str, int, str]]:
        """Return label, amount in yen and note of each line."""
        amounts = self.amounts
        lines = [
            ("商品合計", amounts.items, ""),
            ("送料", amounts.shipping, self._why_free() if not amounts.shipping else ""),
        ]
        if amounts.fee:
            lines.append(("手数料", amounts.fee, ""))
        if amounts.point_discount:
            lines.append(("ポイント利用", -amounts.point_discount, ""))
        if amounts.coupon_discount:
            name = f"「{self.coupon.name}」" if self.coupon else ""
            lines.append(("クーポン値引き", -amounts.coupon_discount, name))
        return lines

    def _why_free(self) -> str:
        """Return whom the buyer has to thank for it."""
        coupon = self.coupon
        return f"無料（「{coupon.name}」を利用）" if coupon and coupon.frees_shipping else "無料"


def quote_cart(
    cart: Cart, shipping: ShippingRules, *, fee: int = 0, discounts: Discounts = NO_DISCOUNTS
) -> Quote:
    """Return what the cart costs; without the discounts if they are more than there is to pay."""
    lines = [
        Line(
            sku=line.product.sku,
            name=line.product.name,
            quantity=line.quantity,
            unit_price=line.product.unit_price,
        )
        for line in cart.lines
    ]
    try:
        return Quote(price_order(lines, shipping, fee=fee, discounts=discounts), coupon=discounts.coupon)
    except Refused as refused:
        return Quote(price_order(lines, shipping, fee=fee), refused.message)


def goods(cart: Cart) -> list[dict[str, Any]]:
    """Return the lines for the summary's list of goods."""
    return [
        {
            "name": line.product.name,
            "quantity": line.quantity,
            "amount": line.amount,
            "image": line.product.image_url,
            "note": line.trouble,
        }
        for line in cart.lines
    ]
