"""Which sessions members has ended; heard as events, asked at every page (reliability.md A2)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, or_, select
from sqlalchemy.dialects.postgresql import insert

from payments.storage.tables import revoked_sessions
from shared.database import Tx
from shared.events import SessionsRevoked


async def revoke_sessions(tx: Tx, event: SessionsRevoked) -> None:
    """Remember that these sessions are void."""
    await tx.execute(
        insert(revoked_sessions)
        .values(
            event_id=event.event_id,
            member_id=event.member_id,
            session_id=event.session_id,
            issued_until=event.issued_until,
        )
        .on_conflict_do_nothing()
    )


async def session_revoked(tx: Tx, *, session_id: str, member_id: str, issued_at: datetime) -> bool:
    """Tell whether the session was ended. Ids that are no ids belong to nobody: they count as ended."""
    try:
        member, session = UUID(member_id), UUID(session_id)
    except ValueError:
        return True
    table = revoked_sessions.c
    ended = select(
        exists().where(
            table.member_id == member,
            or_(table.session_id == session, table.session_id.is_(None)),
            table.issued_until >= issued_at,
        )
    )
    return bool(await tx.value(ended))
