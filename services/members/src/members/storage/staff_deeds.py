"""What staff did at the desk of members, and who came in or failed to (STF-03). Only ever added to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from shared.database import Tx
from shared.ids import new_id
from shared.sql import Row

Deed = Literal[
    "logged_in",
    "login_failed",
    "locked_out",
    "members_exported",
    "rules_changed",
    "coupon_defined",
    "coupon_issued",
    "points_activated",
    "reset_started",
]


@dataclass(frozen=True)
class Doer:
    """Who did it and from where; ``member_id`` None where nobody was recognised."""

    member_id: UUID | None
    name: str
    ip: str


async def note_deed(tx: Tx, by: Doer, deed: Deed, subject: str = "", *, at: datetime) -> None:
    """Write down one deed, in the transaction that does it."""
    await tx.execute(
        "INSERT INTO staff_deeds (deed_id, done_at, by_id, by, deed, subject, ip)"
        " VALUES (:deed_id, :at, :by_id, :by, :deed, :subject, :ip)",
        deed_id=new_id(),
        at=at,
        by_id=by.member_id,
        by=by.name,
        deed=deed,
        subject=subject,
        ip=by.ip,
    )


async def find_deeds(tx: Tx, *, rows_max: int, offset: int) -> Sequence[Row]:
    """Return one page of deeds, newest first."""
    return await tx.rows(
        "SELECT * FROM staff_deeds ORDER BY done_at DESC, deed_id DESC LIMIT :rows_max OFFSET :offset",
        rows_max=rows_max,
        offset=offset,
    )


async def count_deeds(tx: Tx) -> int:
    """Return how many there are."""
    return int(await tx.value("SELECT count(*) FROM staff_deeds"))
