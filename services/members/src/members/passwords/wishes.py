"""Addresses typed by who forgot a password, until somebody looks whose they are."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.cause import Cause, current_cause
from shared.database.transactions import Tx
from shared.ids import new_id


@dataclass(frozen=True, slots=True)
class Wish:
    """An address that somebody typed, claimed to be looked up, with the trace of the request."""

    wish_id: UUID
    email: str
    traceparent: str | None


async def insert_wish(tx: Tx, email: str, *, at: datetime) -> None:
    """Note a typed address."""
    await tx.execute(
        "INSERT INTO reset_wishes (wish_id, email, wished_at, due_at, traceparent)"
        " VALUES (:wish_id, :email, :at, :at, :traceparent)",
        wish_id=new_id(),
        traceparent=current_cause().traceparent,
        email=email,
        at=at,
    )


def cause_of(wish: Wish) -> Cause:
    """Return what a wish follows from: somebody's request."""
    return Cause(traceparent=wish.traceparent)


async def delete_wish(tx: Tx, wish_id: UUID) -> bool:
    """Take one away, done or not. Returns False if somebody else did."""
    return await tx.execute("DELETE FROM reset_wishes WHERE wish_id = :wish_id", wish_id=wish_id) == 1
