"""Goods for tests, made through the door that staff use."""

from typing import Any
from uuid import UUID

from checkout.catalogue.listing import ListingDetails, ProductDetails, SaleTerms
from checkout.catalogue.save_listing import create_listing
from shared.clock import now
from shared.database.transactions import Tx
from shared.ids import new_id


async def put_on_shelf(
    tx: Tx,
    sku: str,
    *,
    name: str,
    price: int,
    available: int,
    image: str = "yunomi-hakuji.svg",
    explained: bool = True,
    **terms: Any,
) -> UUID:
    """Sell a product with ``available`` pieces, and a ledger that explains them. Return its listing."""
    details = ListingDetails(
        name,
        [ProductDetails(sku, price)],
        maker="試験窯",
        categories=["器"],
        terms=SaleTerms(**terms),
    )
    listing_id = await create_listing(tx, details, by={}, at=now(), hidden=False)
    await tx.execute("UPDATE products SET image = :image WHERE sku = :sku", image=image, sku=sku)
    await set_initial_stock(tx, sku, available, explained=explained)
    return listing_id


async def set_initial_stock(tx: Tx, sku: str, available: int, *, explained: bool = True) -> None:
    """Give a product its first stock."""
    await tx.execute("UPDATE stock SET available = :n WHERE sku = :sku", sku=sku, n=available)
    if not explained:
        return
    await tx.execute(
        "INSERT INTO stock_entries (entry_id, sku, reason, reference, available_change, reserved_change, at)"
        " VALUES (:id, :sku, 'initial', 'test', :n, 0, now())",
        id=new_id(),
        sku=sku,
        n=available,
    )
