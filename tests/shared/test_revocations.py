"""An ended session is refused, and only that one, also when many are asked about at once."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import Column, DateTime, MetaData, Table, Uuid

from harness.postgres import MakeDatabase
from shared.clock import now
from shared.events import SessionsRevoked
from shared.shop.revocations import RevokedSessions, revoke_sessions

metadata = MetaData()
Table(
    "revoked_sessions",
    metadata,
    Column("event_id", Uuid, primary_key=True),
    Column("member_id", Uuid, nullable=False),
    Column("session_id", Uuid),
    Column("issued_until", DateTime(timezone=True), nullable=False),
)


async def test_of_many_sessions_those_that_were_ended_are_refused(make_db: MakeDatabase) -> None:
    db = await make_db("pages", metadata)
    ended, closed, untouched = uuid4(), uuid4(), uuid4()
    one_session, another_session = uuid4(), uuid4()
    at = now()

    def revoked(member_id: UUID, session_id: UUID | None) -> SessionsRevoked:
        return SessionsRevoked(member_id=member_id, session_id=session_id, issued_until=at)

    async with db.transaction() as tx:
        event = revoked(ended, one_session)
        await revoke_sessions(tx, event)
        await revoke_sessions(tx, event)
        await revoke_sessions(tx, revoked(closed, None))

    is_revoked = RevokedSessions(db)
    earlier, later = at - timedelta(minutes=1), at + timedelta(minutes=1)
    answers = await asyncio.gather(
        is_revoked(str(one_session), str(ended), earlier),
        # A statement about it that was renewed a moment later opens nothing either.
        is_revoked(str(one_session), str(ended), later),
        is_revoked(str(another_session), str(ended), earlier),
        is_revoked(str(one_session), str(closed), earlier),
        is_revoked(str(another_session), str(closed), later),
        is_revoked(str(one_session), str(untouched), earlier),
        is_revoked("no id", str(untouched), earlier),
    )
    assert list(answers) == [True, True, False, True, False, False, True]
