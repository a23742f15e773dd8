"""What members remembers of orders."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from shared.database import Tx


async def note_order(tx: Tx, order_code: str, *, placed_at: datetime) -> bool:
    """Note an order. Returns False if it was known already, so that nothing is done for it twice."""
    noted = await tx.execute(
        "INSERT INTO member_orders (order_code, placed_at) VALUES (:order_code, :placed_at)"
        " ON CONFLICT DO NOTHING",
        order_code=order_code,
        placed_at=placed_at,
    )
    return noted.rowcount == 1


async def finish_order(
    tx: Tx, order_code: str, *, member_id: UUID | None, points_used: int, note: str
) -> None:
    """Write down whose order it is and what it spent; ``note`` says what was out of the ordinary."""
    await tx.execute(
        "UPDATE member_orders SET member_id = :member_id, points_used = :points_used, note = :note"
        " WHERE order_code = :order_code",
        order_code=order_code,
        member_id=member_id,
        points_used=points_used,
        note=note,
    )


async def lock_order(tx: Tx, order_code: str) -> Row[Any] | None:
    """Return what is known of an order, locked; None before its OrderPlaced was heard."""
    return await tx.row(
        "SELECT * FROM member_orders WHERE order_code = :order_code FOR UPDATE", order_code=order_code
    )


async def set_cancelled(tx: Tx, order_code: str, *, at: datetime) -> None:
    """Note that an order ended."""
    await tx.execute(
        "UPDATE member_orders SET cancelled_at = :at WHERE order_code = :order_code",
        order_code=order_code,
        at=at,
    )
