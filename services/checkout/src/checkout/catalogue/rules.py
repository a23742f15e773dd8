"""What is sold, and what of it cannot be delivered."""

from dataclasses import dataclass

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
