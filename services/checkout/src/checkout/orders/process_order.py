"""Closes an order as 処理済み: by staff, or automatically once shipping and deposit are complete.

The shop decides whether orders close automatically. Closing is an optional last step (ORD-13).
"""

from datetime import datetime
from uuid import UUID

from checkout.orders.book import OrderBook, open_orders
from checkout.orders.timeline import TimelineEntry
from shared.database.transactions import Tx
from shared.events import OrderProcessed

BY_ITSELF = "自動処理"


async def process_order(
    tx: Tx, *, order_code: str, by: str, at: datetime, version: int | None = None
) -> None:
    """Set 処理済み for staff (ORD-11, ORD-12). Open steps cause a warning, not a refusal (ORD-20).

    Raises Refused for an order that is unknown, changed since ``version``, processed already or cancelled.
    """
    async with open_orders(tx, [order_code]) as book:
        process_in_book(book, order_code, by=by, at=at, version=version)


def process_if_complete(book: OrderBook, code: str, *, at: datetime, caused_by: UUID | None = None) -> None:
    """Close a complete order in the book (ORD-01), unless the shop leaves closing to staff."""
    order = book[code]
    if book.closing == "by_itself" and order.is_complete and order.may("process"):
        process_in_book(book, code, by=BY_ITSELF, at=at, caused_by=caused_by)


def process_in_book(
    book: OrderBook,
    code: str,
    *,
    by: str,
    at: datetime,
    version: int | None = None,
    caused_by: UUID | None = None,
) -> None:
    """Set an order in the book to 処理済み and publish it. ``caused_by`` is the causing event of the same change.

    Raises Refused if the rules forbid it, or if the order changed since ``version``.
    """
    book.seen(code, version)
    book.move(code, "process", by=by, at=at, processed_at=at)
    book.note(
        TimelineEntry(order_code=code, at=at, topic="order", kind="done", title="処理済みになりました", by=by)
    )
    book.say(OrderProcessed(order_code=code, by=by, occurred_at=at, caused_by=caused_by))
