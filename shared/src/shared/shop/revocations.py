"""Revoked sessions: every service with pages consumes them as events and checks them at every request.

Each service has a table ``revoked_sessions``. A session revoked by its id stays revoked, even if a later statement
renewed it. If all sessions of a member were revoked, the time of the statement decides. Simultaneous requests share
one query.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.database.group_commit import GroupCommit
from shared.database.transactions import Database, Tx
from shared.events import SessionsRevoked

_ENDED = """
    SELECT DISTINCT a.number FROM unnest(
        CAST(:members AS uuid[]), CAST(:sessions AS uuid[]), CAST(:issued AS timestamptz[])
    ) WITH ORDINALITY AS a(member_id, session_id, issued_at, number)
    JOIN revoked_sessions AS r ON r.member_id = a.member_id
        AND (r.session_id = a.session_id OR r.session_id IS NULL AND r.issued_until >= a.issued_at)
"""


async def revoke_sessions(tx: Tx, event: SessionsRevoked) -> None:
    """Store that these sessions are void; every replica refuses them from this commit on."""
    await tx.execute(
        "INSERT INTO revoked_sessions (event_id, member_id, session_id, issued_until)"
        " VALUES (:event_id, :member_id, :session_id, :issued_until) ON CONFLICT DO NOTHING",
        event_id=event.event_id,
        member_id=event.member_id,
        session_id=event.session_id,
        issued_until=event.issued_until,
    )


@dataclass(frozen=True, slots=True)
class _Session:
    session_id: UUID
    member_id: UUID
    issued_at: datetime


class RevokedSessions:
    """Checks whether a session was revoked."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._looks: GroupCommit[_Session, bool] = GroupCommit(self._look)

    async def __call__(self, session_id: str, member_id: str, issued_at: datetime) -> bool:
        """Return whether the session was revoked. An invalid id counts as revoked."""
        try:
            session = _Session(UUID(session_id), UUID(member_id), issued_at)
        except ValueError:
            return True
        return await self._looks.do(session)

    async def _look(self, sessions: Sequence[_Session]) -> Sequence[bool]:
        ended = await self._db.look(
            _ENDED,
            members=[one.member_id for one in sessions],
            sessions=[one.session_id for one in sessions],
            issued=[one.issued_at for one in sessions],
        )
        numbers = {row.number for row in ended}
        return [number in numbers for number, _ in enumerate(sessions, start=1)]
