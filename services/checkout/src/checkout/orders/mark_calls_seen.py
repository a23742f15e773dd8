"""「確認済みにする」: staff have seen checkout's calls. Payments ends its own calls."""

from datetime import datetime

from checkout.orders.book import open_orders
from checkout.orders.process_order import process_if_complete
from checkout.orders.rules.labels import OWN_CALL_LABEL
from checkout.orders.timeline import TimelineEntry
from shared.database.transactions import Tx
from shared.errors import Refused


async def mark_calls_seen(
    tx: Tx, *, order_code: str, by: str, at: datetime, version: int | None = None
) -> None:
    """Remove checkout's calls from an order, which may complete it.

    Raises Refused if the order is unknown, changed, or has no such call.
    """
    async with open_orders(tx, [order_code]) as book:
        order = book.seen(order_code, version)
        if not order.own_calls:
            raise Refused("nothing_called", "確認が必要な項目はありません。画面を開き直してください。")
        book.move(order_code, "call", by=by, at=at, reason="seen")
        book.set_standing(order_code, order.standing, own_calls=())
        labels = "・".join(OWN_CALL_LABEL.of(word) for word in order.own_calls)
        book.note(
            TimelineEntry(
                order_code=order_code,
                at=at,
                topic="order",
                kind="done",
                title="確認済みにしました",
                text=labels,
                by=by,
            )
        )
        process_if_complete(book, order_code, at=at)
