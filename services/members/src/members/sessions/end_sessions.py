"""Logout: in this browser, in another one, or everywhere."""

from datetime import datetime
from uuid import UUID

from members.accounts.rows import set_logged_out, set_sessions_ended
from members.sessions.rows import forget_waiting_factor, live_sessions, revoke_session, revoke_sessions
from shared.database.transactions import Tx
from shared.errors import Refused
from shared.events import SessionsRevoked


async def end_all_sessions(tx: Tx, member_id: UUID, *, at: datetime, but: UUID | None = None) -> int:
    """End all sessions of a member, except perhaps the present one. Return their number.

    An event names each session. A time alone could not identify a session that began in the same second, because
    statements count in seconds. An Amazon login before ``at`` then opens no session. The secret of a second factor that
    waits for its first code ends too: somebody else may have seen it.
    """
    await set_sessions_ended(tx, member_id, at=at)
    await forget_waiting_factor(tx, member_id)
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
    """End the login of this browser. An Amazon login before ``at`` then opens no session (A2)."""
    await set_logged_out(tx, member_id, at=at)
    await end_session(tx, session_id, at=at)


async def end_own_session(tx: Tx, member_id: UUID, session_id: UUID, *, at: datetime) -> None:
    """End one login of a member. Another person's login gets the same response as an unknown one. Raises Refused.

    An Amazon login before ``at``, which this login may have obtained, opens no other session.
    """
    if session_id not in {login.session_id for login in await live_sessions(tx, member_id, at=at)}:
        raise Refused("session_unknown", "このログインはすでに終了しています", status=404)
    await set_sessions_ended(tx, member_id, at=at)
    await end_session(tx, session_id, at=at)
