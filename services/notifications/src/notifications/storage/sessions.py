"""Sessions that members ended, so that our own pages refuse them too."""

from datetime import datetime
from uuid import UUID

from shared.database import Database, Tx
from shared.events import SessionsRevoked


async def revoke(tx: Tx, event: SessionsRevoked) -> None:
    """Remember what ``event`` ended."""
    await tx.execute(
        "INSERT INTO revoked_sessions (event_id, member_id, session_id, issued_until)"
        " VALUES (:event_id, :member_id, :session_id, :issued_until)",
        event_id=event.event_id,
        member_id=event.member_id,
        session_id=event.session_id,
        issued_until=event.issued_until,
    )


class RevokedSessions:
    """Answers whether a session has ended; asked once per request of somebody signed in."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def __call__(self, session_id: str, member_id: str, issued_at: datetime) -> bool:
        try:
            session, member = UUID(session_id), UUID(member_id)
        except ValueError:
            return True
        async with self._db.transaction() as tx:
            ended = await tx.value(
                "SELECT 1 FROM revoked_sessions WHERE member_id = :member"
                " AND (session_id IS NULL OR session_id = :session) AND issued_until >= :issued_at LIMIT 1",
                member=member,
                session=session,
                issued_at=issued_at,
            )
        return ended is not None
