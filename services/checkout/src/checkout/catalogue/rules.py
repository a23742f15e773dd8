"""Products, and whether they can be delivered."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from checkout.tax.labels import TaxClass

FEW_LEFT = 5
"""The highest remaining stock that the shop shows. It does not show higher numbers."""
GOODS_PATH = "/shop/goods"
"""Where the pictures that staff uploaded are, below the shop's address."""
NO_PICTURE = "/static/shop/no-picture.svg"
Temperature = Literal["ambient", "chilled", "frozen"]
ProductKind = Literal["normal", "preorder"]
"""A preorder is sold before it can be shipped. Subscriptions are no kind yet: no order can repeat."""


@dataclass(frozen=True)
class Product:
    """A product: what a buyer puts into the cart, with its own SKU. A listing shows one or several of them.

    ``unit_price`` is in yen with tax; ``available`` is the number that can still be ordered. ``on_sale`` is false if it
    is hidden, withdrawn, or outside the period of its sale. ``value_1`` and ``value_2`` are its values on the axes of its
    listing. ``buyer_limit`` counts all products of the listing together.
    """

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
    listing_id: UUID | None = None
    value_1: str = ""
    value_2: str = ""
    tax_class: TaxClass = "standard"
    temperature: Temperature = "ambient"
    kind: ProductKind = "normal"
    ships_from: date | None = None
    buyer_limit: int | None = None
    prepay_excluded: bool = False
    sale_until: datetime | None = None

    @property
    def sold_out(self) -> bool:
        """Return whether no piece is left, or the shop does not sell the product now."""
        return not self.on_sale or self.available < 1

    @property
    def few_left(self) -> bool:
        """Return whether so few pieces are left that the shop shows their number."""
        return not self.sold_out and self.available <= FEW_LEFT

    @property
    def values(self) -> str:
        """Return its values on the axes as one text."""
        return "・".join(value for value in (self.value_1, self.value_2) if value)

    @property
    def image_url(self) -> str:
        """Return the address of the picture."""
        return image_url(self.image)


def image_url(image: str) -> str:
    """Return the address of a stored ``image``: a path, a file name of 0.1.0, or a picture that says there is none."""
    if not image:
        return NO_PICTURE
    return image if image.startswith("/") else f"/static/shop/goods/{image}"


def shortage(product: Product, quantity: int, *, others: int = 0) -> str:
    """Return the text why so many pieces cannot be ordered. Return "" if they can.

    ``others`` are the pieces of other products of the same listing, which count for the limit of one buyer.
    """
    if product.buyer_limit is not None and quantity + others > product.buyer_limit:
        return f"お一人様{product.buyer_limit}点までの商品です。数量を変更してください。"
    if quantity <= product.available:
        return ""
    if product.available <= FEW_LEFT:
        return f"在庫は残り{product.available}点です。数量を変更してください。"
    return "ご希望の数量の在庫がありません。数量を減らしてください。"
