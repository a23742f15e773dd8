"""Sessions on disk: a statement in a browser holds only as long as its row does."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from shared.database.transactions import Tx

Way = Literal["password", "amazon", "registration"]
"""How a login began."""


async def insert_session(
    tx: Tx,
    session_id: UUID,
    *,
    member_id: UUID,
    staff_role: str | None,
    way: str,
    device: str,
    at: datetime,
    expires_at: datetime,
) -> None:
    """Store a new session."""
    await tx.execute(
        "INSERT INTO sessions (session_id, member_id, staff_role, way, device, issued_at, expires_at)"
        " VALUES (:session_id, :member_id, :staff_role, :way, :device, :at, :expires_at)",
        session_id=session_id,
        member_id=member_id,
        staff_role=staff_role,
        way=way,
        device=device,
        at=at,
        expires_at=expires_at,
    )


@dataclass(frozen=True, slots=True)
class StaffSession:
    """A living session at the desk: whose it is, the role that is held now, and when it ends."""

    member_id: UUID
    role: str
    expires_at: datetime


async def staff_role_of(tx: Tx, session_id: UUID, *, at: datetime) -> StaffSession | None:
    """Return a living session at the desk, while a role is held."""
    return await tx.read_one(
        StaffSession,
        "SELECT s.member_id, s.role, o.expires_at FROM sessions o JOIN staff s USING (member_id)"
        " WHERE o.session_id = :session_id AND o.staff_role IS NOT NULL"
        " AND o.revoked_at IS NULL AND o.expires_at > :at",
        session_id=session_id,
        at=at,
    )


async def way_of(tx: Tx, session_id: UUID, member_id: UUID, *, at: datetime) -> str | None:
    """Return how a member came into a session that holds; None if there is no such session."""
    way: str | None = await tx.value(
        "SELECT way FROM sessions WHERE session_id = :session_id AND member_id = :member_id"
        " AND revoked_at IS NULL AND expires_at > :at",
        session_id=session_id,
        member_id=member_id,
        at=at,
    )
    return way


async def expiry_of(tx: Tx, session_id: UUID, member_id: UUID, *, at: datetime) -> datetime | None:
    """Return when a living session of who shops ends; None if there is none, or it is one of the desk."""
    expires_at: datetime | None = await tx.value(
        "SELECT expires_at FROM sessions WHERE session_id = :session_id AND member_id = :member_id"
        " AND staff_role IS NULL AND revoked_at IS NULL AND expires_at > :at",
        session_id=session_id,
        member_id=member_id,
        at=at,
    )
    return expires_at


async def end_of(tx: Tx, session_id: UUID, member_id: UUID, *, at: datetime) -> datetime | None:
    """Return when a living session of a member ends, at the desk or not; None if there is none."""
    expires_at: datetime | None = await tx.value(
        "SELECT expires_at FROM sessions WHERE session_id = :session_id AND member_id = :member_id"
        " AND revoked_at IS NULL AND expires_at > :at",
        session_id=session_id,
        member_id=member_id,
        at=at,
    )
    return expires_at


async def session_lives(tx: Tx, session_id: UUID, *, at: datetime) -> bool:
    """Tell whether a session was neither ended nor outlived."""
    found = await tx.value(
        "SELECT 1 FROM sessions WHERE session_id = :session_id AND revoked_at IS NULL AND expires_at > :at",
        session_id=session_id,
        at=at,
    )
    return found is not None


@dataclass(frozen=True, slots=True)
class LiveSession:
    """A login that still holds: how somebody came in, with what, and when."""

    session_id: UUID
    way: Way
    device: str
    issued_at: datetime


async def live_sessions(tx: Tx, member_id: UUID, *, at: datetime) -> list[LiveSession]:
    """Return the logins of a member that still hold, newest first."""
    return await tx.read(
        LiveSession,
        "SELECT session_id, way, device, issued_at FROM sessions WHERE member_id = :member_id AND revoked_at IS NULL AND expires_at > :at"
        " ORDER BY issued_at DESC",
        member_id=member_id,
        at=at,
    )


async def revoke_session(tx: Tx, session_id: UUID, *, at: datetime) -> UUID | None:
    """End one session. Returns its member, or None if there was nothing to end."""
    member_id: UUID | None = await tx.value(
        "UPDATE sessions SET revoked_at = :at WHERE session_id = :session_id AND revoked_at IS NULL"
        " RETURNING member_id",
        session_id=session_id,
        at=at,
    )
    return member_id


async def revoke_sessions(tx: Tx, member_id: UUID, *, at: datetime, but: UUID | None = None) -> list[UUID]:
    """End all sessions of a member, except perhaps one; return which were ended."""
    rows = await tx.rows(
        "UPDATE sessions SET revoked_at = :at WHERE member_id = :member_id AND revoked_at IS NULL"
        " AND session_id IS DISTINCT FROM CAST(:but AS uuid) RETURNING session_id",
        member_id=member_id,
        at=at,
        but=but,
    )
    return [row.session_id for row in rows]


async def know_device(tx: Tx, device_hash: str, member_id: UUID, *, at: datetime) -> None:
    """Remember a browser in which a member logged in."""
    await tx.execute(
        "INSERT INTO known_devices (device_hash, member_id, known_at) VALUES (:device_hash, :member_id, :at)"
        " ON CONFLICT DO NOTHING",
        device_hash=device_hash,
        member_id=member_id,
        at=at,
    )


async def forget_devices(tx: Tx, member_id: UUID, *, but: str = "") -> None:
    """Forget the browsers in which a member logged in, except perhaps one, given by its hash."""
    await tx.execute(
        "DELETE FROM known_devices WHERE member_id = :member_id AND device_hash <> :but",
        member_id=member_id,
        but=but,
    )


async def device_is_known(tx: Tx, device_hash: str, key: str) -> bool:
    """Tell whether the member with the address ``key`` has logged in from this browser."""
    found = await tx.value(
        "SELECT 1 FROM known_devices d JOIN members m USING (member_id)"
        " WHERE d.device_hash = :device_hash AND m.email_key = :key",
        device_hash=device_hash,
        key=key,
    )
    return found is not None
