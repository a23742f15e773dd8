"""Stored benefit reservations."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from members.accounts.rows import email_key
from members.benefits.tables import benefit_reservations
from shared.database.bulk import update_all
from shared.database.transactions import Tx

Status = Literal["held", "committed", "released"]


@dataclass(frozen=True, slots=True)
class SetAside:
    """A reservation for an order before or after its confirmation. ``registration`` means that its buyer registers.

    ``points`` is the present choice of the buyer. ``points_reserved`` is the most that any statement in a browser may
    claim.
    """

    reservation_id: UUID
    member_id: UUID
    registration: bool
    points: int
    points_reserved: int
    issue_id: UUID | None
    status: Status
    due_at: datetime | None


_SET_ASIDE = """
    SELECT reservation_id, member_id, registration, points, points_held AS points_reserved, issue_id, status, due_at
    FROM benefit_reservations
"""


async def reservation_of(tx: Tx, reservation_id: UUID) -> SetAside | None:
    """Return a reservation without locking it. It shows which balance must be locked first."""
    return await tx.read_one(
        SetAside, f"{_SET_ASIDE} WHERE reservation_id = :reservation_id", reservation_id=reservation_id
    )


async def lock_reservation(tx: Tx, reservation_id: UUID) -> SetAside | None:
    """Return a reservation and lock it."""
    return await tx.read_one(
        SetAside,
        f"{_SET_ASIDE} WHERE reservation_id = :reservation_id FOR UPDATE",
        reservation_id=reservation_id,
    )


async def reservations_of(tx: Tx, ids: Collection[UUID]) -> dict[UUID, SetAside]:
    """Return reservations by id without locking them. They show which balances must be locked first."""
    if not ids:
        return {}
    found = await tx.read(
        SetAside, f"{_SET_ASIDE} WHERE reservation_id = ANY(CAST(:ids AS uuid[]))", ids=list(ids)
    )
    return {one.reservation_id: one for one in found}


async def lock_standing(tx: Tx, ids: Collection[UUID]) -> dict[UUID, SetAside]:
    """Return the standing reservations, by id, and lock them. Lock their balances first."""
    if not ids:
        return {}
    found = await tx.read(
        SetAside,
        f"{_SET_ASIDE} WHERE reservation_id = ANY(CAST(:ids AS uuid[])) ORDER BY reservation_id FOR UPDATE",
        ids=list(ids),
    )
    return {one.reservation_id: one for one in found if one.status == "held"}


async def commit_reservations(tx: Tx, orders: Mapping[UUID, tuple[str, datetime]]) -> None:
    """Commit locked reservations, each with the code of its order and the time of placing."""
    rows = [
        {
            "reservation_id": reservation_id,
            "status": "committed",
            "ended_at": at,
            "order_code": code,
            "due_at": None,
            "lease": None,
            "leased_until": None,
        }
        for reservation_id, (code, at) in orders.items()
    ]
    await update_all(tx, benefit_reservations, rows, key="reservation_id", where="old.status = 'held'")


async def lock_buyers_reservation(tx: Tx, buyer_id: str) -> SetAside | None:
    """Return the reservation of a registering buyer and lock it. There is at most one."""
    return await tx.read_one(
        SetAside,
        f"{_SET_ASIDE} WHERE buyer_id = :buyer_id AND registration AND status = 'held' FOR UPDATE",
        buyer_id=buyer_id,
    )


async def is_taken_by(tx: Tx, *, buyer_id: str, email: str, besides: UUID) -> bool:
    """Return whether this buyer or address had registration points, or another reservation sets them aside for the address.

    ``besides`` is the reservation that is being made or changed.
    """
    found = await tx.value(
        "SELECT 1 FROM benefit_reservations WHERE registration AND reservation_id <> :besides"
        " AND ((buyer_id = :buyer_id AND status = 'committed')"
        " OR (email_key = :email_key AND status IN ('held', 'committed'))) LIMIT 1",
        buyer_id=buyer_id,
        email_key=email_key(email),
        besides=besides,
    )
    return found is not None


async def insert_reservation(
    tx: Tx,
    reservation_id: UUID,
    *,
    member_id: UUID,
    buyer_id: str | None,
    registration: bool,
    points: int,
    at: datetime,
    due_at: datetime,
    email: str | None = None,
) -> bool:
    """Store a reservation of points. Returns False if the registering buyer already has one.

    ``buyer_id`` and ``email`` identify a registering buyer.
    """
    inserted = await tx.execute(
        "INSERT INTO benefit_reservations (reservation_id, member_id, buyer_id, email_key, registration,"
        " points, points_held, status, made_at, due_at) VALUES (:reservation_id, :member_id, :buyer_id, :email_key,"
        " :registration, :points, :points, 'held', :at, :due_at) ON CONFLICT DO NOTHING",
        reservation_id=reservation_id,
        member_id=member_id,
        buyer_id=buyer_id,
        email_key=email_key(email) if email is not None else None,
        registration=registration,
        points=points,
        at=at,
        due_at=due_at,
    )
    return inserted == 1


async def change_reservation(
    tx: Tx,
    reservation_id: UUID,
    *,
    points: int,
    points_reserved: int,
    issue_id: UUID | None = None,
    due_at: datetime,
    email: str | None = None,
) -> None:
    """Set the points, the coupon and the end of a standing reservation.

    ``email`` is the address of a registering buyer, if the wallet now gives another one.
    """
    await tx.execute(
        "UPDATE benefit_reservations SET points = :points, points_held = :points_reserved,"
        " issue_id = :issue_id, due_at = :due_at, email_key = coalesce(:email_key, email_key) WHERE reservation_id = :reservation_id",
        reservation_id=reservation_id,
        points=points,
        points_reserved=points_reserved,
        issue_id=issue_id,
        due_at=due_at,
        email_key=email_key(email) if email is not None else None,
    )


async def end_reservation(
    tx: Tx, reservation_id: UUID, *, status: Status, at: datetime, order_code: str | None = None
) -> None:
    """Commit or release a standing reservation. A reservation ends only once."""
    await tx.execute(
        "UPDATE benefit_reservations SET status = :status, ended_at = :at, order_code = :order_code,"
        " due_at = NULL, lease = NULL, leased_until = NULL"
        " WHERE reservation_id = :reservation_id AND status = 'held'",
        reservation_id=reservation_id,
        status=status,
        at=at,
        order_code=order_code,
    )
