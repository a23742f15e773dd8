"""Exports the orders of a list as a file, and records who exported them."""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from checkout.order_desk.search import Search, every_order, find_orders
from checkout.orders.stored_order import StoredOrder
from shared.database.transactions import Database
from shared.events import OrdersExported


async def export_orders(
    db: Database, search: Search, *, sort: str, by: Mapping[str, Any], subject: Callable[[int], str]
) -> AsyncIterator[StoredOrder]:
    """Return all found orders after recording who exports them.

    ``by`` identifies the person and their address (:func:`shared.web.deeds.done_by`). ``subject`` describes the
    exported orders in words.
    """
    async with db.transaction() as tx:
        _, count = await find_orders(tx, search, sort=sort, limit=0, offset=0)
        tx.say(OrdersExported(**by, subject=subject(count)))
    return every_order(db, search, sort=sort)
