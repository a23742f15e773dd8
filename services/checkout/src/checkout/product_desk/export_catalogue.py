"""Exports the list of products as a file, and records who exported it."""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from checkout.product_desk.rows import ListedRow, ListingSearch, every_listing, find_listings
from shared.database.transactions import Database
from shared.events import CatalogueExported


async def export_catalogue(
    db: Database, search: ListingSearch, *, by: Mapping[str, Any], subject: Callable[[int], str]
) -> AsyncIterator[ListedRow]:
    """Return all found listings after recording who exports them."""
    async with db.transaction() as tx:
        _, counts = await find_listings(tx, search, limit=0, offset=0)
        tx.say(CatalogueExported(**by, subject=subject(counts[search.tab])))
    return every_listing(db, search)
