"""What the order would cost if it were placed now: the summary beside every step of the checkout."""

from dataclasses import dataclass
from typing import Any

from checkout.carts.rules import Cart
from checkout.pricing.price import NO_DISCOUNTS, Discounts, ShippingRules, price_order
from shared.errors import Refused
from shared.events import Amounts, Line


@dataclass(frozen=True)
class Quote:
    """Amounts with the lines of their table; ``trouble`` says why the discounts cannot be taken off.

    ``coupon_name`` is the coupon used; one that only frees the shipping is named there.
    """

    amounts: Amounts
    trouble: str = ""
    coupon_name: str = ""

    @property
    def lines(self) -> list[tuple[str, int, str]]:
        """Return label, amount in yen and note of each line, discounts in the order in which they are taken off."""
        amounts = self.amounts
        lines = [
            ("商品合計", amounts.items, ""),
            ("送料", amounts.shipping, self._why_free() if not amounts.shipping else ""),
        ]
        if amounts.fee:
            lines.append(("手数料", amounts.fee, ""))
        if amounts.coupon_discount:
            name = f"「{self.coupon_name}」" if self.coupon_name else ""
            lines.append(("クーポン値引き", -amounts.coupon_discount, name))
        if amounts.point_discount:
            lines.append(("ポイント利用", -amounts.point_discount, ""))
        return lines

    def _why_free(self) -> str:
        """Return whom the buyer has to thank for it."""
        frees = self.coupon_name and not self.amounts.coupon_discount
        return f"無料（「{self.coupon_name}」を利用）" if frees else "無料"


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
        coupon = discounts.coupon.name if discounts.coupon else ""
        return Quote(price_order(lines, shipping, fee=fee, discounts=discounts), coupon_name=coupon)
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
