"""Roles on disk."""

from datetime import datetime
from uuid import UUID

from shared.database import Tx


async def set_staff(tx: Tx, member_id: UUID, role: str, *, at: datetime) -> None:
    """Let a member work at the desk in ``role``."""
    await tx.execute(
        "INSERT INTO staff (member_id, role, added_at) VALUES (:member_id, :role, :at)"
        " ON CONFLICT (member_id) DO UPDATE SET role = excluded.role",
        member_id=member_id,
        role=role,
        at=at,
    )
