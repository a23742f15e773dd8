"""Closes an order as 処理済み: by staff, or by itself once shipping and deposit are complete."""

from datetime import datetime

from checkout.domain.order import Order
from checkout.storage.orders import lock_known_order, save_move
from checkout.storage.timeline import Entry, add_entries
from shared.database import Tx
from shared.events import OrderProcessed

BY_ITSELF = "自動処理"


async def process_order(
    tx: Tx, *, order_code: str, by: str, at: datetime, version: int | None = None
) -> OrderProcessed:
    """Set 処理済み for staff (ORD-11, ORD-12). Open steps warn, they do not forbid (ORD-20).

    Raises Refused: unknown, changed since ``version``, processed already or cancelled.
    """
    order = await lock_known_order(tx, order_code, version=version)
    return await close_order(tx, order, by=by, at=at)


async def process_if_complete(tx: Tx, order: Order, *, at: datetime) -> list[OrderProcessed]:
    """Close a locked order that has nothing left to be done (ORD-01)."""
    if not order.is_complete or not order.may("process"):
        return []
    return [await close_order(tx, order, by=BY_ITSELF, at=at)]


async def close_order(tx: Tx, order: Order, *, by: str, at: datetime) -> OrderProcessed:
    """Set a locked order to 処理済み. Raises Refused where it may not be."""
    await save_move(tx, order, "process", by=by, at=at, processed_at=at)
    await add_entries(
        tx,
        [
            Entry(
                order_code=order.code, at=at, topic="order", kind="done", title="処理済みになりました", by=by
            )
        ],
    )
    return OrderProcessed(order_code=order.code, by=by, occurred_at=at)
