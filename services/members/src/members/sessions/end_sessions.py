"""Logging out everywhere."""

from datetime import datetime
from uuid import UUID

from members.accounts.rows import set_sessions_ended
from members.sessions.rows import revoke_sessions
from shared.database import Tx
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
