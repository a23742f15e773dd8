"""Addresses entered for a forgotten password, until they are looked up."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.cause import Cause, current_cause
from shared.database.transactions import Tx
from shared.ids import new_id


@dataclass(frozen=True, slots=True)
class Wish:
    """A typed address, claimed for the look-up, with the trace of its request."""

    wish_id: UUID
    email: str
    traceparent: str | None


async def insert_wish(tx: Tx, email: str, *, at: datetime) -> None:
    """Store a typed address."""
    await tx.execute(
        "INSERT INTO reset_wishes (wish_id, email, wished_at, due_at, traceparent)"
        " VALUES (:wish_id, :email, :at, :at, :traceparent)",
        wish_id=new_id(),
        traceparent=current_cause().traceparent,
        email=email,
        at=at,
    )


def cause_of(wish: Wish) -> Cause:
    """Return the cause of a wish: the HTTP request of a person."""
    return Cause(traceparent=wish.traceparent)


async def delete_wish(tx: Tx, wish_id: UUID) -> bool:
    """Delete a wish, processed or not. Returns False if it no longer exists."""
    return await tx.execute("DELETE FROM reset_wishes WHERE wish_id = :wish_id", wish_id=wish_id) == 1
