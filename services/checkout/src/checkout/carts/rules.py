"""A cart: how many of what, and what stands between it and an order."""

from dataclasses import dataclass

from checkout.catalogue.rules import Product, shortage

QUANTITY_MAX = 99
LINES_MAX = 50


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

    def quantity_of(self, sku: str) -> int:
        """Return how many pieces of a product are in it."""
        return sum(line.quantity for line in self.lines if line.product.sku == sku)

    def why_not(self, sku: str, quantity: int) -> str:
        """Return why a line cannot grow to ``quantity``, for the shopper; less than before is always taken."""
        line = next((line for line in self.lines if line.product.sku == sku), None)
        if line is None or line.product.sold_out or quantity <= line.quantity:
            return ""
        return shortage(line.product, quantity)

    @property
    def can_be_ordered(self) -> bool:
        """Tell whether there is something in it and all of it can be delivered."""
        return bool(self.lines) and not any(line.trouble for line in self.lines)
