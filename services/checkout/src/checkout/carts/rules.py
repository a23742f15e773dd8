"""A cart: products, quantities, and the conditions for an order."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from uuid import UUID

from checkout.catalogue.rules import Product, shortage

QUANTITY_MAX = 99
LINES_MAX = 50


@dataclass(frozen=True)
class CartLine:
    """One product and its quantity, and whether it can be delivered."""

    product: Product
    quantity: int
    others: int = 0
    """The pieces of other products of the same listing in the cart, which count for the limit of one buyer."""

    @property
    def amount(self) -> int:
        """Return the price of the line in yen."""
        return self.product.unit_price * self.quantity

    @property
    def trouble(self) -> str:
        """Return the text why this line cannot be ordered. Return "" if it can."""
        if not self.product.on_sale:
            return "現在販売していない商品です。カートから削除してください。"
        if self.product.sold_out:
            return "申し訳ございません、売り切れました。カートから削除してください。"
        return shortage(self.product, self.quantity, others=self.others)


@dataclass(frozen=True)
class Cart:
    """The lines, in the order in which they were added."""

    lines: tuple[CartLine, ...] = ()

    @classmethod
    def of(cls, lines: Iterable[CartLine]) -> "Cart":
        """Return the cart of these lines, each with the pieces of its listing in the other lines."""
        found = tuple(lines)
        pieces = Counter[UUID | None]()
        for line in found:
            pieces[line.product.listing_id] += line.quantity
        return cls(
            tuple(
                replace(line, others=pieces[line.product.listing_id] - line.quantity)
                if line.product.listing_id and line.product.buyer_limit
                else line
                for line in found
            )
        )

    @property
    def prepay_excluded(self) -> bool:
        """Return whether it contains goods that are not sold for payment in advance."""
        return any(line.product.prepay_excluded for line in self.lines)

    def room_for(self, product: Product) -> int:
        """Return how many more pieces of ``product`` fit: stock, the limit of a line, and the limit of one buyer."""
        room = min(product.available, QUANTITY_MAX) - self.quantity_of(product.sku)
        if product.buyer_limit is None:
            return max(0, room)
        of_listing = (line.quantity for line in self.lines if line.product.listing_id == product.listing_id)
        return max(0, min(room, product.buyer_limit - sum(of_listing)))

    @property
    def count(self) -> int:
        """Return the number of pieces. The header shows it."""
        return sum(line.quantity for line in self.lines)

    @property
    def items_total(self) -> int:
        """Return the price of all lines in yen."""
        return sum(line.amount for line in self.lines)

    def quantity_of(self, sku: str) -> int:
        """Return the number of pieces of a product in the cart."""
        return sum(line.quantity for line in self.lines if line.product.sku == sku)

    def why_not(self, sku: str, quantity: int) -> str:
        """Return the text why a line cannot grow to ``quantity``. A smaller quantity is always accepted."""
        line = next((line for line in self.lines if line.product.sku == sku), None)
        if line is None or line.product.sold_out or quantity <= line.quantity:
            return ""
        return shortage(line.product, quantity, others=line.others)

    @property
    def can_be_ordered(self) -> bool:
        """Return whether the cart has lines and all of them can be delivered."""
        return bool(self.lines) and not any(line.trouble for line in self.lines)
