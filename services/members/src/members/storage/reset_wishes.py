"""Addresses typed by who forgot a password, until somebody looks whose they are."""

from datetime import datetime
from uuid import UUID

from shared.database import Tx
from shared.ids import new_id


async def insert_wish(tx: Tx, email: str, *, at: datetime) -> None:
    """Note a typed address."""
    await tx.execute(
        "INSERT INTO reset_wishes (wish_id, email, wished_at, due_at) VALUES (:wish_id, :email, :at, :at)",
        wish_id=new_id(),
        email=email,
        at=at,
    )


async def delete_wish(tx: Tx, wish_id: UUID) -> bool:
    """Take one away, done or not. Returns False if somebody else did."""
    return await tx.execute("DELETE FROM reset_wishes WHERE wish_id = :wish_id", wish_id=wish_id) == 1
