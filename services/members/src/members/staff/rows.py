"""Roles on disk."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.database.transactions import Tx


@dataclass(frozen=True, slots=True)
class StaffMember:
    """Who has a role at the desk, and since when."""

    role: str
    added_at: datetime
    email: str
    name: str


async def set_staff(tx: Tx, member_id: UUID, role: str, *, at: datetime) -> str | None:
    """Let a member work at the desk in ``role``; return the role that they had before, None where there was none."""
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
    """Take the role away and return it; None where there was none."""
    role = await tx.value(
        "DELETE FROM staff WHERE member_id = :member_id RETURNING role", member_id=member_id
    )
    return None if role is None else str(role)


async def all_staff(tx: Tx) -> Sequence[StaffMember]:
    """Return all who have a role, owners first."""
    return await tx.read(
        StaffMember,
        "SELECT s.role, s.added_at, m.email, m.name FROM staff s JOIN members m USING (member_id)"
        " ORDER BY s.role, m.email",
    )
