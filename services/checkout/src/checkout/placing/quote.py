"""The present cost of an order: the summary on every page between cart and order."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from checkout.carts.rules import Cart
from checkout.catalogue.rules import Product
from checkout.placing.wanted_line import wanted_line
from checkout.pricing.lines import amount_lines
from checkout.pricing.price import NO_DISCOUNTS, Discounts, price_order
from checkout.pricing.settings import PriceSettings
from checkout.pricing.taxes import with_taxes
from checkout.tax.rules import TaxTerms
from shared.clock import last_day
from shared.errors import Refused
from shared.events import Amounts


@dataclass(frozen=True)
class Quote:
    """Amounts with the lines of their table. ``trouble`` is the reason why the discounts cannot be applied.

    ``coupon_name`` is the coupon in use. A coupon for free shipping is also named on that line.
    """

    amounts: Amounts
    trouble: str = ""
    coupon_name: str = ""

    @property
    def lines(self) -> list[tuple[str, int, str]]:
        """Return label, amount in yen and note of each line."""
        return amount_lines(self.amounts, self.coupon_name)


def quote_cart(
    cart: Cart,
    prices: PriceSettings,
    tax: TaxTerms,
    *,
    fee: int = 0,
    discounts: Discounts = NO_DISCOUNTS,
) -> Quote:
    """Return the cost of the cart. Discounts that the rules refuse are left out."""
    lines = [wanted_line(line.product, line.quantity, tax) for line in cart.lines]
    price = partial(price_order, lines, prices.shipping, adjusting=prices.adjusting, fee=fee)
    try:
        coupon = discounts.coupon.name if discounts.coupon else ""
        return Quote(with_taxes(price(discounts=discounts), lines, tax), coupon_name=coupon)
    except Refused as refused:
        return Quote(with_taxes(price(), lines, tax), refused.message)


def _terms(product: Product) -> str:
    """Return what a buyer must know of the product besides its price: when it is shipped, until when it is sold."""
    said = []
    if product.kind == "preorder" and product.ships_from:
        said.append(f"予約販売：{product.ships_from:%Y/%m/%d}から順に発送")
    if product.sale_until:
        said.append(f"販売期間：{last_day(product.sale_until):%Y/%m/%d}まで")
    return "、".join(said)


def goods(cart: Cart, tax: TaxTerms) -> list[dict[str, Any]]:
    """Return the lines for the summary's list of goods."""
    return [
        {
            "name": line.product.name,
            "quantity": line.quantity,
            "amount": line.amount,
            "image": line.product.image_url,
            "note": line.trouble or _terms(line.product),
            "reduced": tax.is_reduced(line.product.tax_class),
        }
        for line in cart.lines
    ]
