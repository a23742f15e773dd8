"""A remark of staff on an order's timeline."""

from datetime import datetime

from checkout.storage.orders import lock_known_order
from checkout.storage.timeline import Entry, add_entries
from shared.database import Tx


async def write_note(tx: Tx, *, order_code: str, text: str, by: str, at: datetime) -> None:
    """Add ``text`` to the timeline; buyers never see it. Raises Refused (404) for an unknown order."""
    order = await lock_known_order(tx, order_code)
    await add_entries(
        tx,
        [Entry(order_code=order.code, at=at, topic="note", kind="plain", title="メモ", text=text, by=by)],
    )
