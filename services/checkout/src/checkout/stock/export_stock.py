"""Exports the list of stock as a file, and records who exported it."""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from checkout.stock.shelves import Shelf, StockSearch, every_shelf, read_shelves
from shared.database.transactions import Database
from shared.events import StockExported


async def export_stock(
    db: Database, search: StockSearch, *, by: Mapping[str, Any], subject: Callable[[int], str]
) -> AsyncIterator[Shelf]:
    """Return all found products after recording who exports them."""
    async with db.transaction() as tx:
        _, counts = await read_shelves(tx, search, limit=0, offset=0)
        tx.say(StockExported(**by, subject=subject(counts[search.tab])))
    return every_shelf(db, search)
