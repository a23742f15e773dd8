"""The login of staff, in one step or two. Successful and failed logins are recorded."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from members.accounts.hasher import PasswordHasher
from members.accounts.rows import Member, member_by_email
from members.deeds.rows import Doer, Traces, note_deed
from members.sessions.attempts import TooManyAttempts
from members.sessions.check_password import WrongCredentials, check_password
from members.sessions.enter import Browser, NewLogin, enter
from members.sessions.pacing import REFUSALS_NOTED, keep_pace
from members.settings import Settings
from members.staff.factors import has_factor
from shared.clock import now
from shared.database.transactions import Database, Tx
from shared.errors import Refused
from shared.web.staff_rights import present_role


@dataclass(frozen=True)
class SecondStep:
    """The password was right. A code must follow, or the second factor must first be set up."""

    member: Member
    step: Literal["code", "set_up"]


async def log_in_at_desk(
    db: Database,
    hasher: PasswordHasher,
    settings: Settings,
    browser: Browser,
    *,
    email: str,
    password: str,
    address: str,
) -> NewLogin | SecondStep:
    """Log in with the rights of the member's role and record it with the IP ``address``.

    Returns the second step for a person with a second factor, and for an owner of a live shop, who must have one.
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
            if await has_factor(tx, member.member_id):
                return SecondStep(member, "code")
            if needs_factor(settings, role):
                return SecondStep(member, "set_up")
            return await open_desk(tx, settings, browser, member, address=address, at=now())
    except TooManyAttempts:
        await _note_failure(db, browser, email, address, "locked_out")
        raise
    except Refused:
        await _note_failure(db, browser, email, address, "login_failed")
        raise


def needs_factor(settings: Settings, role: str | None) -> bool:
    """Return whether a person with ``role`` must have a second factor: owners of a live shop (STF-02)."""
    return present_role(role) == "owner" and not settings.sandbox


async def open_desk(
    tx: Tx, settings: Settings, browser: Browser, member: Member, *, address: str, at: datetime
) -> NewLogin:
    """Open the session of a member of staff who proved all that is needed, and record it."""
    doer = Doer(member.member_id, member.name, address, browser.label)
    await note_deed(tx, doer, "logged_in", traces=Traces(about_id=member.member_id), at=at)
    role = present_role(member.staff_role)
    return await enter(tx, settings, browser, member, way="password", staff_role=role, at=at)


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
