"""The session after a login of any kind: opened, and renewed with the present state of the member."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from members.accounts.rows import Member, lock_member, member_by_id
from members.sessions.end_sessions import end_session
from members.sessions.rows import Way, expiry_of, insert_session, note_use, staff_role_of
from shared.database.transactions import Tx
from shared.errors import Refused
from shared.ids import new_id
from shared.web.staff_rights import present_role

Claims = Mapping[str, str | bool | None]
"""The claims of a session statement."""


class LoginOvertaken(Refused):
    """All logins of the member were ended during this login."""

    def __init__(self) -> None:
        super().__init__("login_overtaken", "もう一度ログインしてください。", status=409)


@dataclass(frozen=True)
class OpenedSession:
    """A session: the claims of its statement and its validity."""

    claims: Claims
    valid_for: timedelta


async def open_session(
    tx: Tx,
    member: Member,
    *,
    way: Way,
    device: str,
    at: datetime,
    valid_for: timedelta,
    staff_role: str | None = None,
    instead_of: UUID | None = None,
) -> OpenedSession:
    """Start a session with a new id and end the session that it replaces, if any.

    The new id protects against an id that an attacker put into the browser. ``staff_role`` is set only by the desk's
    login, because a customer needs no rights there. Raises LoginOvertaken if the checked state of ``member`` is
    outdated.
    """
    if not await lock_member(tx, member):
        raise LoginOvertaken
    if instead_of is not None:
        await end_session(tx, instead_of, at=at)
    session_id = new_id()
    await insert_session(
        tx,
        session_id,
        member_id=member.member_id,
        staff_role=staff_role,
        way=way,
        device=device,
        at=at,
        expires_at=at + valid_for,
    )
    return OpenedSession(session_claims(member, session_id, staff_role), valid_for)


async def renew_session(tx: Tx, member: Member, session_id: UUID, *, at: datetime) -> OpenedSession | None:
    """Return the same session of the shop with the member's present state.

    Return None if it has ended or is a desk session.
    """
    expires_at = await expiry_of(tx, session_id, member.member_id, at=at)
    if expires_at is None:
        return None
    return OpenedSession(session_claims(member, session_id, None), expires_at - at)


async def renew_staff_session(tx: Tx, session_id: UUID, *, at: datetime) -> OpenedSession | None:
    """Return the same session with the present rights of its member of staff. Return None if it has ended."""
    session = await staff_role_of(tx, session_id, at=at)
    member = await member_by_id(tx, session.member_id) if session is not None else None
    if session is None or member is None:
        return None
    await note_use(tx, session_id, at=at)
    role = present_role(session.role)
    return OpenedSession(session_claims(member, session_id, role), session.expires_at - at)


def session_claims(member: Member, session_id: UUID, staff_role: str | None) -> Claims:
    """Return the claims of a session statement."""
    return {
        "sub": str(member.member_id),
        "sid": str(session_id),
        "name": member.name,
        "amazon_linked": member.linked_at is not None,
        "email_proved": member.email_verified_at is not None,
        "staff": staff_role,
    }
