"""Products, and whether they can be delivered."""

from dataclasses import dataclass

from checkout.tax.labels import TaxClass

FEW_LEFT = 5
"""The highest remaining stock that the shop shows. It does not show higher numbers."""


@dataclass(frozen=True)
class Product:
    """A product. ``unit_price`` is in yen with tax; ``available`` is the number that can still be ordered."""

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
    tax_class: TaxClass = "standard"

    @property
    def sold_out(self) -> bool:
        """Return whether no piece is left, or the shop withdrew the product."""
        return not self.on_sale or self.available < 1

    @property
    def image_url(self) -> str:
        """Return the address of the picture."""
        return f"/static/shop/goods/{self.image}"


def shortage(product: Product, quantity: int) -> str:
    """Return the text why so many pieces cannot be delivered. Return "" if they can."""
    if quantity <= product.available:
        return ""
    if product.available <= FEW_LEFT:
        return f"在庫は残り{product.available}点です。数量を変更してください。"
    return "ご希望の数量の在庫がありません。数量を減らしてください。"
