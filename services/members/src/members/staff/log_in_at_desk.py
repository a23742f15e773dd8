"""The login of staff. Successful and failed logins are recorded."""

from typing import Literal

from members.accounts.hasher import PasswordHasher
from members.accounts.rows import member_by_email
from members.deeds.rows import Doer, Traces, note_deed
from members.sessions.attempts import TooManyAttempts
from members.sessions.check_password import WrongCredentials, check_password
from members.sessions.enter import Browser, NewLogin, enter
from members.sessions.pacing import REFUSALS_NOTED, keep_pace
from members.settings import Settings
from shared.clock import now
from shared.database.transactions import Database, Tx
from shared.errors import Refused
from shared.web.staff_rights import present_role


async def log_in_at_desk(
    db: Database,
    hasher: PasswordHasher,
    settings: Settings,
    browser: Browser,
    *,
    email: str,
    password: str,
    address: str,
) -> NewLogin:
    """Log in with the rights of the member's role and record it with the IP ``address``.

    Raises Refused and TooManyAttempts, which are recorded too. A member without a role gets the same response as for a
    wrong password.
    """
    try:
        member = await check_password(
            db, hasher, email=email, password=password, ip=browser.ip, device=browser.device
        )
        role = present_role(member.staff_role)
        if role is None:
            raise WrongCredentials
        async with db.transaction() as tx:
            doer = Doer(member.member_id, member.name, address, browser.label)
            await note_deed(tx, doer, "logged_in", traces=Traces(about_id=member.member_id), at=now())
            return await enter(tx, settings, browser, member, way="password", staff_role=role, at=now())
    except TooManyAttempts:
        await _note_failure(db, browser, email, address, "locked_out")
        raise
    except Refused:
        await _note_failure(db, browser, email, address, "login_failed")
        raise


async def _note_failure(
    db: Database, browser: Browser, email: str, address: str, deed: Literal["login_failed", "locked_out"]
) -> None:
    """Record a failed login by the name of the account. Other typed text could be a password."""
    async with db.transaction() as tx:
        if deed == "locked_out" and not await _first_refusal(tx, browser):
            return
        member = await member_by_email(tx, email)
        known = member is not None and member.staff_role is not None
        subject = member.name if member is not None and known else ""
        about = Traces(about_id=member.member_id if member is not None and known else None)
        await note_deed(tx, Doer(None, "", address, browser.label), deed, subject, traces=about, at=now())


async def _first_refusal(tx: Tx, browser: Browser) -> bool:
    """Return whether this client had no recent refusal.

    Only the first is recorded, so that nobody can fill the list.
    """
    try:
        await keep_pace(tx, REFUSALS_NOTED, browser.ip, at=now())
    except TooManyAttempts:
        return False
    return True
