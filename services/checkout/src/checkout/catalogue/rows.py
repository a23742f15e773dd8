"""What is sold, read for pages and for placing orders."""

from collections.abc import Iterable

from checkout.catalogue.rules import Product
from shared.database import Tx
from shared.sql import Row

_COLUMNS = (
    "p.sku, p.name, p.category, p.maker, p.summary, p.description, p.facts, p.image, p.unit_price,"
    " p.on_sale, s.available"
)


async def read_shelf(tx: Tx) -> list[Product]:
    """Return all products on sale, in the shop's order."""
    rows = await tx.rows(
        f"SELECT {_COLUMNS} FROM products p JOIN stock s USING (sku) WHERE p.on_sale ORDER BY p.position, p.sku"  # noqa: S608
    )
    return [product_of(row) for row in rows]


async def read_products(tx: Tx, skus: Iterable[str]) -> dict[str, Product]:
    """Return the products with these SKUs, withdrawn ones too; unknown SKUs are absent."""
    rows = await tx.rows(
        f"SELECT {_COLUMNS} FROM products p JOIN stock s USING (sku) WHERE p.sku = ANY(:skus)",  # noqa: S608
        skus=list(skus),
    )
    return {row.sku: product_of(row) for row in rows}


def product_of(row: Row) -> Product:
    """Make a product of a row with its columns and its stock."""
    return Product(
        sku=row.sku,
        name=row.name,
        category=row.category,
        maker=row.maker,
        summary=row.summary,
        description=row.description,
        facts=tuple((label, value) for label, value in row.facts),
        image=row.image,
        unit_price=row.unit_price,
        on_sale=row.on_sale,
        available=row.available,
    )
