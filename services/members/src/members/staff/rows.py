"""Stored roles."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.database.transactions import Tx


@dataclass(frozen=True, slots=True)
class StaffMember:
    """A member with a role at the desk, and the time since when."""

    role: str
    added_at: datetime
    email: str
    name: str


async def set_staff(tx: Tx, member_id: UUID, role: str, *, at: datetime) -> str | None:
    """Give a member the ``role`` at the desk. Return the former role, or None if there was none."""
    before = await tx.value(
        "SELECT role FROM staff WHERE member_id = :member_id FOR UPDATE", member_id=member_id
    )
    await tx.execute(
        "INSERT INTO staff (member_id, role, added_at) VALUES (:member_id, :role, :at)"
        " ON CONFLICT (member_id) DO UPDATE SET role = excluded.role",
        member_id=member_id,
        role=role,
        at=at,
    )
    return None if before is None else str(before)


async def take_role(tx: Tx, member_id: UUID) -> str | None:
    """Remove the role and return it. Return None if there was none."""
    role = await tx.value(
        "DELETE FROM staff WHERE member_id = :member_id RETURNING role", member_id=member_id
    )
    return None if role is None else str(role)


async def all_staff(tx: Tx) -> Sequence[StaffMember]:
    """Return all members with a role, owners first."""
    return await tx.read(
        StaffMember,
        "SELECT s.role, s.added_at, m.email, m.name FROM staff s JOIN members m USING (member_id)"
        " ORDER BY s.role, m.email",
    )
