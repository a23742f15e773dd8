"""Stored roles."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.database.planning import LONG
from shared.database.transactions import Tx
from shared.text.search_words import like_part


@dataclass(frozen=True, slots=True)
class StaffMember:
    """A member with a role at the desk, and the time since when. A disabled one keeps the role.

    ``logins`` are the open logins at the desk. ``used_at`` is when the person used the desk last.
    """

    member_id: UUID
    role: str
    added_at: datetime
    disabled_at: datetime | None
    email: str
    name: str
    logins: int
    used_at: datetime | None


_STAFF = (
    "SELECT s.member_id, s.role, s.added_at, s.disabled_at, m.email, m.name,"
    " (SELECT count(*) FROM sessions o WHERE o.member_id = s.member_id AND o.staff_role IS NOT NULL"
    " AND o.revoked_at IS NULL AND o.expires_at > :at) AS logins,"
    " (SELECT max(coalesce(o.used_at, o.issued_at)) FROM sessions o"
    " WHERE o.member_id = s.member_id AND o.staff_role IS NOT NULL) AS used_at"
    " FROM staff s JOIN members m USING (member_id)"
)
_FOUND = " WHERE (m.name ILIKE :words OR m.email ILIKE :words)"


async def put_staff(
    tx: Tx, member_id: UUID, role: str, disabled_at: datetime | None, *, at: datetime
) -> str | None:
    """Store the role, and whether it is disabled. Return the former role, or None if there was none."""
    before = await tx.value(
        "SELECT role FROM staff WHERE member_id = :member_id FOR UPDATE", member_id=member_id
    )
    await tx.execute(
        "INSERT INTO staff (member_id, role, added_at, disabled_at) VALUES (:member_id, :role, :at, :disabled_at)"
        " ON CONFLICT (member_id) DO UPDATE SET role = excluded.role, disabled_at = excluded.disabled_at",
        member_id=member_id,
        role=role,
        disabled_at=disabled_at,
        at=at,
    )
    return None if before is None else str(before)


async def lock_owners(tx: Tx) -> list[UUID]:
    """Lock the owners who are not disabled, in one order, and return them. Whoever invites or changes staff waits here."""
    await tx.execute("SELECT pg_advisory_xact_lock(4, 0)")
    rows = await tx.rows(
        "SELECT member_id FROM staff WHERE role = 'owner' AND disabled_at IS NULL ORDER BY member_id FOR UPDATE"
    )
    return [row.member_id for row in rows]


async def take_role(tx: Tx, member_id: UUID) -> str | None:
    """Remove the role and return it. Return None if there was none."""
    role = await tx.value(
        "DELETE FROM staff WHERE member_id = :member_id RETURNING role", member_id=member_id
    )
    return None if role is None else str(role)


async def staff_of(tx: Tx, member_id: UUID, *, at: datetime) -> StaffMember | None:
    """Return a member of staff, also a disabled one."""
    return await tx.read_one(
        StaffMember, f"{_STAFF} WHERE s.member_id = :member_id", member_id=member_id, at=at
    )


async def all_staff(tx: Tx, *, at: datetime) -> Sequence[StaffMember]:
    """Return all members with a role, owners first."""
    return await tx.read(StaffMember, f"{_STAFF} ORDER BY s.role <> 'owner', s.role, m.email", at=at)


async def find_staff(tx: Tx, words: str, *, at: datetime, rows_max: int, offset: int) -> list[StaffMember]:
    """Return one page of the staff whose name or address contains ``words``: active ones first."""
    await tx.plan(LONG)
    return await tx.read(
        StaffMember,
        f"{_STAFF}{_FOUND} ORDER BY s.disabled_at IS NOT NULL, m.name, s.member_id LIMIT :rows_max OFFSET :offset",
        words=like_part(words),
        at=at,
        rows_max=rows_max,
        offset=offset,
    )


async def count_staff(tx: Tx, words: str) -> int:
    """Return the number of the staff whose name or address contains ``words``."""
    await tx.plan(LONG)
    return int(
        await tx.value(
            f"SELECT count(*) FROM staff s JOIN members m USING (member_id){_FOUND}",  # noqa: S608
            words=like_part(words),
        )
    )
