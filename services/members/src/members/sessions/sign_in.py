"""The password check with its limits, and the new session after any kind of login."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from members.accounts.hasher import PasswordHasher
from members.accounts.rows import Member, email_key, lock_member, member_by_email, member_by_id, renew_hash
from members.sessions.attempts import begin_attempt, forget_attempts
from members.sessions.end_sessions import end_session
from members.sessions.rows import Way, expiry_of, insert_session, staff_role_of
from shared.clock import now
from shared.database.transactions import Database, Tx
from shared.errors import Refused
from shared.ids import new_id

Claims = Mapping[str, str | bool | None]
"""The claims of a session statement."""


class WrongCredentials(Refused):
    """The address is unknown, the password is wrong, or there is none. The response does not say which."""

    def __init__(self) -> None:
        super().__init__(
            "wrong_credentials",
            "メールアドレスまたはパスワードが違います。入力内容をご確認ください。",
            status=422,
        )


class LoginOvertaken(Refused):
    """All logins of the member were ended during this login."""

    def __init__(self) -> None:
        super().__init__("login_overtaken", "もう一度ログインしてください。", status=409)


@dataclass(frozen=True)
class OpenedSession:
    """A session: the claims of its statement and its validity."""

    claims: Claims
    valid_for: timedelta


async def check_password(
    db: Database, hasher: PasswordHasher, *, email: str, password: str, ip: str, device: str
) -> Member:
    """Return the member with this address and password.

    Takes the same steps and the same time for every address. Raises WrongCredentials. Raises TooManyAttempts before the
    password is checked. No transaction is open while the hash is computed.
    """
    async with db.transaction() as tx:
        attempt_id = await begin_attempt(tx, key=email_key(email), ip=ip, device=device, at=now())
        member = await member_by_email(tx, email)
    right = await hasher.verify(member.password_hash if member else None, password)
    if member is None or member.password_hash is None or not right:
        raise WrongCredentials
    async with db.transaction() as tx:
        await forget_attempts(tx, attempt_id)
    if hasher.outdated(member.password_hash):
        renewed = await hasher.hash(password)
        async with db.transaction() as tx:
            await renew_hash(tx, member.member_id, member.password_hash, renewed)
    return member


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
    return OpenedSession(session_claims(member, session_id, session.role), session.expires_at - at)


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
