"""A cart: how many of what, and what stands between it and an order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

QUANTITY_MAX = 99
LINES_MAX = 50
FEW_LEFT = 5
"""From this number down the shop tells how many are left; above it stock is the shop's own business."""


@dataclass(frozen=True)
class Product:
    """What is sold. ``unit_price`` is in yen with tax; ``available`` is what can still be ordered."""

    sku: str
    name: str
    category: str
    maker: str
    summary: str
    image: str
    unit_price: int
    available: int
    on_sale: bool = True
    description: str = ""
    facts: tuple[tuple[str, str], ...] = ()

    @property
    def sold_out(self) -> bool:
        """Tell whether none is left, or the shop withdrew it."""
        return not self.on_sale or self.available < 1

    @property
    def image_url(self) -> str:
        """Return the address of the picture."""
        return f"/static/shop/goods/{self.image}"


def shortage(product: Product, quantity: int) -> str:
    """Return why so many pieces cannot be delivered, for the shopper; empty if they can."""
    if quantity <= product.available:
        return ""
    if product.available <= FEW_LEFT:
        return f"在庫は残り{product.available}点です。数量を変更してください。"
    return "ご希望の数量の在庫がありません。数量を減らしてください。"


@dataclass(frozen=True)
class CartLine:
    """One product in one quantity, and whether that can be delivered."""

    product: Product
    quantity: int

    @property
    def amount(self) -> int:
        """Return the price of the line in yen."""
        return self.product.unit_price * self.quantity

    @property
    def trouble(self) -> str:
        """Return what stops this line from being ordered, for the shopper; empty if nothing does."""
        if self.product.sold_out:
            return "申し訳ございません、売り切れました。カートから削除してください。"
        return shortage(self.product, self.quantity)


@dataclass(frozen=True)
class Cart:
    """The lines in the order in which they were put in."""

    lines: tuple[CartLine, ...] = ()

    @property
    def count(self) -> int:
        """Return the number of pieces, as shown beside the basket."""
        return sum(line.quantity for line in self.lines)

    @property
    def items_total(self) -> int:
        """Return the price of all lines in yen."""
        return sum(line.amount for line in self.lines)

    @property
    def can_be_ordered(self) -> bool:
        """Tell whether there is something in it and all of it can be delivered."""
        return bool(self.lines) and not any(line.trouble for line in self.lines)


def merged(lines: Iterable[tuple[str, int]]) -> Mapping[str, int]:
    """Add up quantities per product and return them by SKU, in the order in which the buyer put them there."""
    quantities: dict[str, int] = {}
    for sku, quantity in lines:
        quantities[sku] = quantities.get(sku, 0) + quantity
    return quantities
