"""Listings, read with their categories, pictures and products."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from checkout.catalogue.listing import Listing, ListingDetails, Picture, ProductDetails, SaleTerms
from checkout.catalogue.rows import PRODUCT_COLUMNS, product_of
from checkout.catalogue.rules import Product, ProductKind, Temperature
from checkout.tax.labels import TaxClass
from shared.database.transactions import Tx

_HEAD = """
    SELECT l.listing_id, l.address, l.version, l.hidden, l.name, l.reading, l.maker, l.summary, l.description,
        l.facts, l.axis_1, l.axis_2, ARRAY(SELECT c.name FROM listing_categories JOIN categories c
            USING (category_id) WHERE listing_id = l.listing_id ORDER BY c.position, c.name) AS categories
    FROM listings l
"""


@dataclass(frozen=True, slots=True)
class _Head:
    listing_id: UUID
    address: str
    version: int
    hidden: bool
    name: str
    reading: str
    maker: str
    summary: str
    description: str
    facts: Sequence[Sequence[str]]
    axis_1: str
    axis_2: str
    categories: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Row:
    """The columns of a product that only staff see, or that all products of a listing share."""

    sku: str
    unit_price: int
    value_1: str
    value_2: str
    weight_grams: int | None
    size_cm: int | None
    withdrawn: bool
    tax_class: TaxClass
    temperature: Temperature
    kind: ProductKind
    ships_from: date | None
    buyer_limit: int | None
    prepay_excluded: bool
    sale_from: datetime | None
    sale_until: datetime | None

    def details(self) -> ProductDetails:
        """Return what staff say of the product."""
        return ProductDetails(
            self.sku,
            self.unit_price,
            self.value_1,
            self.value_2,
            self.weight_grams,
            self.size_cm,
            self.withdrawn,
        )

    def terms(self) -> SaleTerms:
        """Return how the products of the listing are sold."""
        return SaleTerms(
            self.tax_class,
            self.temperature,
            self.kind,
            self.ships_from,
            self.buyer_limit,
            self.prepay_excluded,
            self.sale_from,
            self.sale_until,
        )


async def read_listing(tx: Tx, listing_id: UUID) -> Listing | None:
    """Return the listing, or None if there is none."""
    return await _listing(tx, await tx.read_one(_Head, f"{_HEAD} WHERE l.listing_id = :id", id=listing_id))


async def find_listing(tx: Tx, address: str) -> Listing | None:
    """Return the listing of ``address``, or the listing of the product with this SKU."""
    where = (
        " WHERE l.address = :address OR l.listing_id = (SELECT listing_id FROM products WHERE sku = :address)"
    )
    head = await tx.read_one(_Head, f"{_HEAD}{where} ORDER BY l.address <> :address LIMIT 1", address=address)
    return await _listing(tx, head)


async def lock_listing(tx: Tx, listing_id: UUID) -> Listing | None:
    """Return the listing as :func:`read_listing` does, and keep others from changing it until the commit."""
    await tx.execute("SELECT 1 FROM listings WHERE listing_id = :id FOR UPDATE", id=listing_id)
    return await read_listing(tx, listing_id)


async def read_pictures(tx: Tx, listing_id: UUID) -> list[Picture]:
    """Return the pictures of a listing, the first one first."""
    return await tx.read(
        Picture,
        "SELECT picture_id, large_key, small_key, width, height FROM listing_pictures"
        " WHERE listing_id = :id ORDER BY position, picture_id",
        id=listing_id,
    )


async def _listing(tx: Tx, head: _Head | None) -> Listing | None:
    if head is None:
        return None
    rows = await tx.rows(
        f"SELECT {PRODUCT_COLUMNS}, p.weight_grams, p.size_cm, p.withdrawn FROM products p"  # noqa: S608
        " JOIN stock s USING (sku) WHERE p.listing_id = :id ORDER BY p.position, p.sku",
        id=head.listing_id,
    )
    found = [_parts(**row) for row in rows]
    details = ListingDetails(
        name=head.name,
        products=[row.details() for row, _ in found],
        reading=head.reading,
        maker=head.maker,
        summary=head.summary,
        description=head.description,
        facts=[(label, value) for label, value in head.facts],
        axis_1=head.axis_1,
        axis_2=head.axis_2,
        categories=head.categories,
        terms=found[0][0].terms() if found else SaleTerms(),
    )
    return Listing(
        listing_id=head.listing_id,
        address=head.address,
        version=head.version,
        hidden=head.hidden,
        details=details,
        pictures=await read_pictures(tx, head.listing_id),
        products=[product for _, product in found],
    )


def _parts(
    *, weight_grams: int | None, size_cm: int | None, withdrawn: bool, **columns: Any
) -> tuple[_Row, Product]:
    row = {name: columns[name] for name in _Row.__dataclass_fields__ if name in columns}
    return _Row(weight_grams=weight_grams, size_cm=size_cm, withdrawn=withdrawn, **row), product_of(**columns)


@dataclass(frozen=True, slots=True)
class Category:
    """A category with the number of its listings, hidden ones included."""

    category_id: UUID
    name: str
    position: int
    listings: int


async def read_categories(tx: Tx) -> list[Category]:
    """Return all categories in the shop's order."""
    return await tx.read(
        Category,
        "SELECT c.category_id, c.name, c.position, count(lc.listing_id) AS listings FROM categories c"
        " LEFT JOIN listing_categories lc USING (category_id) GROUP BY c.category_id ORDER BY c.position, c.name",
    )
