"""Products, read for pages and for placing orders."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from checkout.catalogue.rules import Product
from shared.clock import now
from shared.database.transactions import Tx

PRODUCT_COLUMNS = (
    "p.sku, p.name, p.category, p.maker, p.summary, p.description, p.facts, p.image, p.unit_price,"
    " p.on_sale, p.listing_id, p.value_1, p.value_2, p.tax_class, p.temperature, p.kind, p.ships_from,"
    " p.buyer_limit, p.prepay_excluded, p.sale_from, p.sale_until, s.available"
)
"""The columns of products p and their stock s that a statement selects for :func:`product_of`."""


async def read_products(tx: Tx, skus: Iterable[str]) -> dict[str, Product]:
    """Return the products with these SKUs, including withdrawn ones. Unknown SKUs are absent."""
    found = await tx.read(
        product_of,
        f"SELECT {PRODUCT_COLUMNS} FROM products p JOIN stock s USING (sku) WHERE p.sku = ANY(:skus)",  # noqa: S608
        skus=list(skus),
    )
    return {product.sku: product for product in found}


def product_of(
    *,
    facts: Iterable[tuple[str, str]],
    on_sale: bool,
    sale_from: datetime | None,
    sale_until: datetime | None,
    **columns: Any,
) -> Product:
    """Return a product made from its columns and its stock, on sale only within the period of its sale."""
    at = now()
    in_period = (sale_from is None or sale_from <= at) and (sale_until is None or at < sale_until)
    return Product(
        facts=tuple((label, value) for label, value in facts),
        on_sale=on_sale and in_period,
        sale_until=sale_until,
        **columns,
    )
