"""Checks whether a session is valid. Members reads its own rows, so an ended session is refused at once (A2)."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

from members.sessions.rows import session_lives
from shared.clock import now
from shared.database.transactions import Database


def revocation(db: Database) -> Callable[[str, str, datetime], Awaitable[bool]]:
    """Return the check that `shared.web.session` applies to every signed statement."""

    async def is_revoked(session_id: str, member_id: str, issued_at: datetime) -> bool:
        try:
            known = UUID(session_id)
        except ValueError:
            return True
        async with db.transaction() as tx:
            return not await session_lives(tx, known, at=now())

    return is_revoked
