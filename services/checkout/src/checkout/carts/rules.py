"""A cart: products, quantities, and the conditions for an order."""

from dataclasses import dataclass

from checkout.catalogue.rules import Product, shortage

QUANTITY_MAX = 99
LINES_MAX = 50


@dataclass(frozen=True)
class CartLine:
    """One product and its quantity, and whether it can be delivered."""

    product: Product
    quantity: int

    @property
    def amount(self) -> int:
        """Return the price of the line in yen."""
        return self.product.unit_price * self.quantity

    @property
    def trouble(self) -> str:
        """Return the text why this line cannot be ordered. Return "" if it can."""
        if self.product.sold_out:
            return "申し訳ございません、売り切れました。カートから削除してください。"
        return shortage(self.product, self.quantity)


@dataclass(frozen=True)
class Cart:
    """The lines, in the order in which they were added."""

    lines: tuple[CartLine, ...] = ()

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
        return shortage(line.product, quantity)

    @property
    def can_be_ordered(self) -> bool:
        """Return whether the cart has lines and all of them can be delivered."""
        return bool(self.lines) and not any(line.trouble for line in self.lines)
