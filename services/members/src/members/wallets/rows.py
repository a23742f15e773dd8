"""Stored Amazon links: one per member and per account at a time. Ended links are kept in another table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from members.wallets.tables import amazon_links
from shared.database.bulk import insert_all
from shared.database.transactions import Tx

Link = tuple[UUID, str]
"""A member and an Amazon account."""


async def insert_link(tx: Tx, member_id: UUID, buyer_id: str, *, at: datetime, path: str) -> bool:
    """Link a member with an Amazon account. Returns False if either has a link already."""
    inserted = await tx.execute(
        "INSERT INTO amazon_links (member_id, buyer_id, linked_at, path)"
        " VALUES (:member_id, :buyer_id, :at, :path) ON CONFLICT DO NOTHING",
        member_id=member_id,
        buyer_id=buyer_id,
        at=at,
        path=path,
    )
    return inserted == 1


@dataclass(frozen=True, slots=True)
class NewLink:
    """A member and the Amazon account to link."""

    member_id: UUID
    buyer_id: str
    linked_at: datetime
    path: Literal["order", "login"]


async def insert_links(tx: Tx, links: Sequence[NewLink]) -> set[Link]:
    """Store links. Return the links whose member and account had no link."""
    stored = await insert_all(tx, amazon_links, links, skip_known=True, returning="member_id, buyer_id")
    return {(row.member_id, row.buyer_id) for row in stored}


async def end_link(
    tx: Tx, member_id: UUID, *, at: datetime, reason: Literal["undone", "address_proved", "password_reset"]
) -> bool:
    """Move a member's link to the ended links. Returns False if there is none."""
    ended = await tx.execute(
        "WITH ended AS (DELETE FROM amazon_links WHERE member_id = :member_id RETURNING *)"
        " INSERT INTO ended_amazon_links (member_id, linked_at, ended_at, buyer_id, path, reason)"
        " SELECT member_id, linked_at, CAST(:at AS timestamptz), buyer_id, path, CAST(:reason AS text) FROM ended",
        member_id=member_id,
        at=at,
        reason=reason,
    )
    return ended == 1


async def note_registration(tx: Tx, buyer_id: str, member_id: UUID, *, at: datetime) -> bool:
    """Store that somebody registered with this Amazon account. Returns False if somebody did before."""
    noted = await tx.execute(
        "INSERT INTO amazon_registrations (buyer_id, member_id, registered_at)"
        " VALUES (:buyer_id, :member_id, :at) ON CONFLICT DO NOTHING",
        buyer_id=buyer_id,
        member_id=member_id,
        at=at,
    )
    return noted == 1


async def registered_before(tx: Tx, buyer_id: str) -> bool:
    """Return whether somebody registered with this Amazon account."""
    found = await tx.value("SELECT 1 FROM amazon_registrations WHERE buyer_id = :buyer_id", buyer_id=buyer_id)
    return found is not None
