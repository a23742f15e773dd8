"""Benefit reservations on disk."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from members.accounts.rows import email_key
from members.benefits.tables import benefit_reservations
from shared.database.bulk import update_all
from shared.database.sql import columns_of
from shared.database.transactions import Tx

Status = Literal["held", "committed", "released"]


@dataclass(frozen=True, slots=True)
class SetAside:
    """What is set aside for an order that is being made, or was. ``registration``: by a member to be.

    ``points`` is what the buyer wants now, ``points_held`` the most that a statement in a browser may claim.
    """

    reservation_id: UUID
    member_id: UUID
    registration: bool
    points: int
    points_held: int
    issue_id: UUID | None
    status: Status
    due_at: datetime | None


_SET_ASIDE = f"SELECT {columns_of(SetAside)} FROM benefit_reservations"  # noqa: S608 - names are ours


async def reservation_of(tx: Tx, reservation_id: UUID) -> SetAside | None:
    """Return a reservation as it is, to learn whose balance has to be locked before it."""
    return await tx.read_one(
        SetAside, f"{_SET_ASIDE} WHERE reservation_id = :reservation_id", reservation_id=reservation_id
    )


async def lock_reservation(tx: Tx, reservation_id: UUID) -> SetAside | None:
    """Return a reservation, locked."""
    return await tx.read_one(
        SetAside,
        f"{_SET_ASIDE} WHERE reservation_id = :reservation_id FOR UPDATE",
        reservation_id=reservation_id,
    )


async def reservations_of(tx: Tx, ids: Collection[UUID]) -> dict[UUID, SetAside]:
    """Return reservations as they are, by id, to learn whose balances have to be locked before them."""
    if not ids:
        return {}
    found = await tx.read(
        SetAside, f"{_SET_ASIDE} WHERE reservation_id = ANY(CAST(:ids AS uuid[]))", ids=list(ids)
    )
    return {one.reservation_id: one for one in found}


async def lock_held(tx: Tx, ids: Collection[UUID]) -> dict[UUID, SetAside]:
    """Return those of the reservations that are held, locked, by id. Lock their balances before."""
    if not ids:
        return {}
    found = await tx.read(
        SetAside,
        f"{_SET_ASIDE} WHERE reservation_id = ANY(CAST(:ids AS uuid[])) ORDER BY reservation_id FOR UPDATE",
        ids=list(ids),
    )
    return {one.reservation_id: one for one in found if one.status == "held"}


async def commit_reservations(tx: Tx, orders: Mapping[UUID, tuple[str, datetime]]) -> None:
    """End locked reservations, each with the code of its order and the moment it was placed."""
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
    """Return what a buyer who is about to register has set aside, locked; there is one at most."""
    return await tx.read_one(
        SetAside,
        f"{_SET_ASIDE} WHERE buyer_id = :buyer_id AND registration AND status = 'held' FOR UPDATE",
        buyer_id=buyer_id,
    )


async def is_taken_by(tx: Tx, *, buyer_id: str, email: str, besides: UUID) -> bool:
    """Tell whether registration points went to this buyer or address before, or are set aside for another buyer.

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
    """Set points aside. Returns False if the registering buyer has a reservation already.

    ``buyer_id`` and ``email`` are those of a member to be.
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
    points_held: int,
    issue_id: UUID | None = None,
    due_at: datetime,
    email: str | None = None,
) -> None:
    """Write other points and another coupon into a held reservation, and its new end.

    ``email``: the address of a member to be, if the wallet names another one now.
    """
    await tx.execute(
        "UPDATE benefit_reservations SET points = :points, points_held = :points_held,"
        " issue_id = :issue_id, due_at = :due_at, email_key = coalesce(:email_key, email_key) WHERE reservation_id = :reservation_id",
        reservation_id=reservation_id,
        points=points,
        points_held=points_held,
        issue_id=issue_id,
        due_at=due_at,
        email_key=email_key(email) if email is not None else None,
    )


async def end_reservation(
    tx: Tx, reservation_id: UUID, *, status: Status, at: datetime, order_code: str | None = None
) -> None:
    """Commit or release a held reservation; nothing ends twice."""
    await tx.execute(
        "UPDATE benefit_reservations SET status = :status, ended_at = :at, order_code = :order_code,"
        " due_at = NULL, lease = NULL, leased_until = NULL"
        " WHERE reservation_id = :reservation_id AND status = 'held'",
        reservation_id=reservation_id,
        status=status,
        at=at,
        order_code=order_code,
    )
