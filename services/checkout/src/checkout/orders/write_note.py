"""A remark of staff on an order's timeline."""

from datetime import datetime

from checkout.orders.book import open_orders
from checkout.orders.timeline import TimelineEntry
from shared.database.transactions import Tx
from shared.text.search_words import words_of_texts


async def write_note(
    tx: Tx, *, order_code: str, text: str, by: str, at: datetime, version: int | None = None
) -> None:
    """Add ``text`` to the timeline, which buyers never see.

    Raises Refused if the order is unknown or changed since ``version``.
    """
    async with open_orders(tx, [order_code]) as book:
        code = book.seen(order_code, version).code
        book.find_by(code, words_of_texts(text))
        book.note(
            TimelineEntry(order_code=code, at=at, topic="note", kind="plain", title="メモ", text=text, by=by)
        )
