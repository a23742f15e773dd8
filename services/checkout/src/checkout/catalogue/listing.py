"""A listing: what the shop offers on one page, with its pictures and its products."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from checkout.catalogue.rules import (
    GOODS_PATH,
    NO_PICTURE,
    Product,
    ProductKind,
    Temperature,
    image_url,
)
from checkout.tax.labels import TaxClass

PRODUCTS_MAX = 100
"""The most products of one listing."""
PICTURES_MAX = 20


@dataclass(frozen=True, slots=True)
class ProductDetails:
    """What staff say of one product. ``unit_price`` is in yen with tax, ``size_cm`` the sum of three sides."""

    sku: str
    unit_price: int
    value_1: str = ""
    value_2: str = ""
    weight_grams: int | None = None
    size_cm: int | None = None
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class SaleTerms:
    """How all products of a listing are sold. ``sale_until`` is the first moment after the sale."""

    tax_class: TaxClass = "standard"
    temperature: Temperature = "ambient"
    kind: ProductKind = "normal"
    ships_from: date | None = None
    buyer_limit: int | None = None
    prepay_excluded: bool = False
    sale_from: datetime | None = None
    sale_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ListingDetails:
    """What staff say of a listing. ``reading`` holds other spellings by which it is found."""

    name: str
    products: Sequence[ProductDetails]
    reading: str = ""
    maker: str = ""
    summary: str = ""
    description: str = ""
    facts: Sequence[tuple[str, str]] = ()
    axis_1: str = ""
    axis_2: str = ""
    categories: Sequence[str] = ()
    terms: SaleTerms = field(default_factory=SaleTerms)

    def name_of(self, product: ProductDetails) -> str:
        """Return the name of a product on orders, in mails and in files: with its values on the axes."""
        values = "・".join(value for value in (product.value_1, product.value_2) if value)
        return f"{self.name}（{values}）" if values else self.name

    def findings(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong: field and sentence. A field of a product begins with its place, such as ``0-sku``."""
        if self.axis_2 and not self.axis_1:
            yield "axis_1", "項目2を使うときは、項目1も入力してください"
        if self.axis_1 and self.axis_1 == self.axis_2:
            yield "axis_2", "項目2は項目1と違う名前にしてください"
        sold = [product for product in self.products if not product.withdrawn]
        if not self.axis_1 and len(sold) > 1:
            yield "axis_1", "商品コードが2つ以上あるときは、違いの項目（色など）を入力してください"
        if len(self.products) > PRODUCTS_MAX:
            yield "axis_1", f"1つの商品のバリエーションは{PRODUCTS_MAX}件までです"
        yield from self._findings_of_products()
        if self.terms.kind == "preorder" and self.terms.ships_from is None:
            yield "ships_from", "予約販売では、発送開始日を入力してください"

    def _findings_of_products(self) -> Iterator[tuple[str, str]]:
        skus: set[str] = set()
        values: set[tuple[str, str]] = set()
        for place, one in enumerate(self.products):
            if one.sku in skus:
                yield f"{place}-sku", f"商品コード {one.sku} が2回入力されています"
            skus.add(one.sku)
            if one.withdrawn:
                continue
            for number, axis, value in ((1, self.axis_1, one.value_1), (2, self.axis_2, one.value_2)):
                if axis and not value:
                    yield f"{place}-value_{number}", f"{axis}を入力してください"
                if value and not axis:
                    yield f"axis_{number}", f"「{value}」が何の違いかを、項目{number}に入力してください"
            if self.axis_1 and (one.value_1, one.value_2) in values:
                yield f"{place}-value_1", "同じ組み合わせのバリエーションがあります"
            values.add((one.value_1, one.value_2))


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a listing in two sizes. ``width`` and ``height`` are those of the large one, in pixels."""

    picture_id: UUID
    large_key: str
    small_key: str
    width: int
    height: int

    @property
    def large_url(self) -> str:
        """Return the address of the large picture."""
        return f"{GOODS_PATH}/{self.large_key}"

    @property
    def small_url(self) -> str:
        """Return the address of the picture for lists."""
        return f"{GOODS_PATH}/{self.small_key}"


@dataclass(frozen=True, slots=True)
class Listing:
    """A stored listing. ``products`` are all of them with their stock, in order, also withdrawn ones."""

    listing_id: UUID
    address: str
    version: int
    hidden: bool
    details: ListingDetails
    pictures: Sequence[Picture]
    products: Sequence[Product]

    @property
    def offered(self) -> list[Product]:
        """Return the products that the shop sells now."""
        return [product for product in self.products if product.on_sale]

    @property
    def page_path(self) -> str:
        """Return the path of its page in the shop."""
        return f"/items/{self.address}"

    @property
    def image_url(self) -> str:
        """Return the address of its first picture."""
        if self.pictures:
            return self.pictures[0].large_url
        return image_url(self.products[0].image) if self.products else NO_PICTURE
