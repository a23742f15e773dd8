"""The orders of a list leave as a file; it is said who took them."""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from checkout.order_desk.search import Search, every_order, find_orders
from checkout.orders.stored_order import StoredOrder
from shared.database.transactions import Database
from shared.events import OrdersExported


async def export_orders(
    db: Database, search: Search, *, sort: str, by: Mapping[str, Any], subject: Callable[[int], str]
) -> AsyncIterator[StoredOrder]:
    """Return all orders found, after it is said who takes them.

    ``by`` tells who and from where (:func:`shared.web.deeds.done_by`), ``subject`` says in words what so many are.
    """
    async with db.transaction() as tx:
        _, count = await find_orders(tx, search, sort=sort, limit=0, offset=0)
        tx.say(OrdersExported(**by, subject=subject(count)))
    return every_order(db, search, sort=sort)
