"""Logging out everywhere, and changing the password, which does the same."""

from datetime import datetime
from uuid import UUID

from members.password_hasher import PasswordHasher
from members.storage.members import past_password_hashes, set_password
from members.storage.sessions import revoke_sessions
from shared.clock import now
from shared.database import Database, Tx
from shared.errors import Refused
from shared.events import SessionsRevoked
from shared.sql import Row


async def end_all_sessions(tx: Tx, member_id: UUID, *, at: datetime, but: UUID | None = None) -> int:
    """End all sessions of a member, except perhaps the one in hand; return how many ended.

    Each is named in an event of its own: a moment alone could not tell a session that began in the same
    second, and statements count in seconds.
    """
    ended = await revoke_sessions(tx, member_id, at=at, but=but)
    for session_id in ended:
        tx.say(SessionsRevoked(member_id=member_id, session_id=session_id, issued_until=at))
    return len(ended)


async def change_password(
    db: Database, hasher: PasswordHasher, member: Row, password: str, *, but: UUID | None
) -> None:
    """Give a member a new password and end all other sessions.

    Raises Refused for a password that the account has ever had (MEM-22). The caller has checked the present
    one and the rules of :mod:`members.domain.passwords`.
    """
    async with db.transaction() as tx:
        hashes = await past_password_hashes(tx, member.member_id)
    for password_hash in hashes:
        if await hasher.verify(password_hash, password):
            raise Refused(
                "password_used_before",
                "過去に使用したパスワードは使用できません。別のパスワードを入力してください。",
                field="new_password",
            )
    password_hash = await hasher.hash(password)
    async with db.transaction() as tx:
        at = now()
        await set_password(tx, member.member_id, password_hash, at=at)
        await end_all_sessions(tx, member.member_id, at=at, but=but)
