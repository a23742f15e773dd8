"""Logging out: here, in another browser, or everywhere."""

from datetime import datetime
from uuid import UUID

from members.accounts.rows import set_logged_out, set_sessions_ended
from members.sessions.rows import live_sessions, revoke_session, revoke_sessions
from shared.database.transactions import Tx
from shared.errors import Refused
from shared.events import SessionsRevoked


async def end_all_sessions(tx: Tx, member_id: UUID, *, at: datetime, but: UUID | None = None) -> int:
    """End all sessions of a member, except perhaps the one in hand; return how many ended.

    Each is named in an event of its own: a moment alone could not tell a session that began in the same
    second, and statements count in seconds. An Amazon login of before ``at`` opens no session any more.
    """
    await set_sessions_ended(tx, member_id, at=at)
    ended = await revoke_sessions(tx, member_id, at=at, but=but)
    for session_id in ended:
        tx.say(SessionsRevoked(member_id=member_id, session_id=session_id, issued_until=at))
    return len(ended)


async def end_session(tx: Tx, session_id: UUID, *, at: datetime) -> None:
    """End one session everywhere: here by its row, in the other services by SessionsRevoked (A2)."""
    member_id = await revoke_session(tx, session_id, at=at)
    if member_id is not None:
        tx.say(SessionsRevoked(member_id=member_id, session_id=session_id, issued_until=at))


async def log_out_session(tx: Tx, member_id: UUID, session_id: UUID, *, at: datetime) -> None:
    """End the login of this browser; an Amazon login of before ``at`` opens no session any more (A2)."""
    await set_logged_out(tx, member_id, at=at)
    await end_session(tx, session_id, at=at)


async def end_own_session(tx: Tx, member_id: UUID, session_id: UUID, *, at: datetime) -> None:
    """End one login of a member; somebody else's looks as if it did not exist. Raises Refused.

    What was obtained under it, an Amazon login of before ``at`` too, opens no other.
    """
    if session_id not in {login.session_id for login in await live_sessions(tx, member_id, at=at)}:
        raise Refused("session_unknown", "このログインはすでに終了しています", status=404)
    await set_sessions_ended(tx, member_id, at=at)
    await end_session(tx, session_id, at=at)
