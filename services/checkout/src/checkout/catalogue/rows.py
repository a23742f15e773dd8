"""Products, read for pages and for placing orders."""

from collections.abc import Iterable
from typing import Any

from checkout.catalogue.rules import Product
from shared.database.transactions import Tx

PRODUCT_COLUMNS = (
    "p.sku, p.name, p.category, p.maker, p.summary, p.description, p.facts, p.image, p.unit_price,"
    " p.on_sale, p.tax_class, s.available"
)
"""The columns of products p and their stock s that a statement selects for :func:`product_of`."""


async def read_shelf(tx: Tx) -> list[Product]:
    """Return all products on sale, in the shop's order."""
    return await tx.read(
        product_of,
        f"SELECT {PRODUCT_COLUMNS} FROM products p JOIN stock s USING (sku)"  # noqa: S608
        " WHERE p.on_sale ORDER BY p.position, p.sku",
    )


async def read_products(tx: Tx, skus: Iterable[str]) -> dict[str, Product]:
    """Return the products with these SKUs, including withdrawn ones. Unknown SKUs are absent."""
    found = await tx.read(
        product_of,
        f"SELECT {PRODUCT_COLUMNS} FROM products p JOIN stock s USING (sku) WHERE p.sku = ANY(:skus)",  # noqa: S608
        skus=list(skus),
    )
    return {product.sku: product for product in found}


def product_of(*, facts: Iterable[tuple[str, str]], **columns: Any) -> Product:
    """Return a product made from its columns and its stock."""
    return Product(facts=tuple((label, value) for label, value in facts), **columns)
