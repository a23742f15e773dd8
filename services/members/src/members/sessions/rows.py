"""Stored sessions. A statement in a browser is valid only as long as its row is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from shared.database.transactions import Tx

Way = Literal["password", "amazon", "registration"]
"""The way in which a login began."""


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
    """An active session at the desk: its member, the present role, and its end."""

    member_id: UUID
    role: str
    expires_at: datetime


async def staff_role_of(tx: Tx, session_id: UUID, *, at: datetime) -> StaffSession | None:
    """Return an active session at the desk, while its member has a role that is not disabled."""
    return await tx.read_one(
        StaffSession,
        "SELECT s.member_id, s.role, o.expires_at FROM sessions o JOIN staff s USING (member_id)"
        " WHERE o.session_id = :session_id AND o.staff_role IS NOT NULL AND s.disabled_at IS NULL"
        " AND o.revoked_at IS NULL AND o.expires_at > :at",
        session_id=session_id,
        at=at,
    )


async def note_use(tx: Tx, session_id: UUID, *, at: datetime) -> None:
    """Store that staff use this session of the desk."""
    await tx.execute(
        "UPDATE sessions SET used_at = :at WHERE session_id = :session_id", at=at, session_id=session_id
    )


async def way_of(tx: Tx, session_id: UUID, member_id: UUID, *, at: datetime) -> str | None:
    """Return how a member logged in to a valid session. Return None if there is no such session."""
    way: str | None = await tx.value(
        "SELECT way FROM sessions WHERE session_id = :session_id AND member_id = :member_id"
        " AND revoked_at IS NULL AND expires_at > :at",
        session_id=session_id,
        member_id=member_id,
        at=at,
    )
    return way


async def expiry_of(tx: Tx, session_id: UUID, member_id: UUID, *, at: datetime) -> datetime | None:
    """Return when an active session of the shop ends.

    Return None if there is none, or if it is a session of the desk.
    """
    expires_at: datetime | None = await tx.value(
        "SELECT expires_at FROM sessions WHERE session_id = :session_id AND member_id = :member_id"
        " AND staff_role IS NULL AND revoked_at IS NULL AND expires_at > :at",
        session_id=session_id,
        member_id=member_id,
        at=at,
    )
    return expires_at


async def end_of(tx: Tx, session_id: UUID, member_id: UUID, *, at: datetime) -> datetime | None:
    """Return when a valid session of a member ends, at the desk or in the shop. Return None without one."""
    expires_at: datetime | None = await tx.value(
        "SELECT expires_at FROM sessions WHERE session_id = :session_id AND member_id = :member_id"
        " AND revoked_at IS NULL AND expires_at > :at",
        session_id=session_id,
        member_id=member_id,
        at=at,
    )
    return expires_at


async def session_lives(tx: Tx, session_id: UUID, *, at: datetime) -> bool:
    """Return whether a session is valid: it was not ended and has not expired."""
    found = await tx.value(
        "SELECT 1 FROM sessions WHERE session_id = :session_id AND revoked_at IS NULL AND expires_at > :at",
        session_id=session_id,
        at=at,
    )
    return found is not None


@dataclass(frozen=True, slots=True)
class LiveSession:
    """A valid login: its way, its browser, its time and, at the desk, when it was used last."""

    session_id: UUID
    way: Way
    device: str
    issued_at: datetime
    at_desk: bool
    used_at: datetime | None


async def live_sessions(tx: Tx, member_id: UUID, *, at: datetime) -> list[LiveSession]:
    """Return the valid logins of a member, newest first."""
    return await tx.read(
        LiveSession,
        "SELECT session_id, way, device, issued_at, staff_role IS NOT NULL AS at_desk, used_at FROM sessions"
        " WHERE member_id = :member_id AND revoked_at IS NULL AND expires_at > :at"
        " ORDER BY issued_at DESC",
        member_id=member_id,
        at=at,
    )


async def revoke_session(tx: Tx, session_id: UUID, *, at: datetime) -> UUID | None:
    """End one session. Return its member, or None if there was nothing to end."""
    member_id: UUID | None = await tx.value(
        "UPDATE sessions SET revoked_at = :at WHERE session_id = :session_id AND revoked_at IS NULL"
        " RETURNING member_id",
        session_id=session_id,
        at=at,
    )
    return member_id


async def revoke_sessions(tx: Tx, member_id: UUID, *, at: datetime, but: UUID | None = None) -> list[UUID]:
    """End all sessions of a member, except perhaps one. Return the ended ones."""
    rows = await tx.rows(
        "UPDATE sessions SET revoked_at = :at WHERE member_id = :member_id AND revoked_at IS NULL"
        " AND session_id IS DISTINCT FROM CAST(:but AS uuid) RETURNING session_id",
        member_id=member_id,
        at=at,
        but=but,
    )
    return [row.session_id for row in rows]


async def know_device(tx: Tx, device_hash: str, member_id: UUID, *, at: datetime) -> None:
    """Store a browser in which a member logged in."""
    await tx.execute(
        "INSERT INTO known_devices (device_hash, member_id, known_at) VALUES (:device_hash, :member_id, :at)"
        " ON CONFLICT DO NOTHING",
        device_hash=device_hash,
        member_id=member_id,
        at=at,
    )


async def forget_devices(tx: Tx, member_id: UUID, *, but: str = "") -> None:
    """Delete the browsers in which a member logged in, except perhaps one, given by its hash."""
    await tx.execute(
        "DELETE FROM known_devices WHERE member_id = :member_id AND device_hash <> :but",
        member_id=member_id,
        but=but,
    )


async def device_is_known(tx: Tx, device_hash: str, key: str) -> bool:
    """Return whether the member with the address ``key`` has logged in from this browser."""
    found = await tx.value(
        "SELECT 1 FROM known_devices d JOIN members m USING (member_id)"
        " WHERE d.device_hash = :device_hash AND m.email_key = :key",
        device_hash=device_hash,
        key=key,
    )
    return found is not None


async def forget_waiting_factor(tx: Tx, member_id: UUID) -> None:
    """Delete the second factor of a member of staff that no code has confirmed."""
    await tx.execute(
        "DELETE FROM staff_second_factors WHERE member_id = :member_id AND confirmed_at IS NULL",
        member_id=member_id,
    )
