"""Starts the session of any login, and registers the browser for later recognition."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from members.accounts.rows import Member
from members.sessions.attempts import hashed
from members.sessions.open_session import LoginOvertaken, OpenedSession, open_session
from members.sessions.rows import Way, end_of, know_device
from members.settings import Settings
from shared.database.transactions import Tx


@dataclass(frozen=True)
class Browser:
    """A browser with its login, if it has one.

    ``device`` is the token that identifies it ('' for a new browser). ``label`` is its description for the owner.
    ``ip`` is the address for the limits. ``staff`` is the present role of its login.
    """

    device: str
    label: str
    ip: str
    session_id: UUID | None = None
    member_id: UUID | None = None
    staff: str | None = None


@dataclass(frozen=True)
class NewLogin:
    """A stored login whose statement is to be sent to the browser."""

    opened: OpenedSession
    device: str


async def enter(
    tx: Tx,
    settings: Settings,
    browser: Browser,
    member: Member,
    *,
    way: Way,
    staff_role: str | None = None,
    until: datetime | None = None,
    at: datetime,
) -> NewLogin:
    """Open a session for ``member`` that replaces the one in this browser. Send it with the response.

    ``staff_role`` is set by the desk's login, whose sessions are shorter. ``until`` is the latest end.
    """
    valid_for = (
        timedelta(days=settings.session_days_max)
        if staff_role is None
        else timedelta(hours=settings.staff_session_hours_max)
    )
    opened = await open_session(
        tx,
        member,
        way=way,
        device=browser.label,
        at=at,
        valid_for=valid_for if until is None else min(valid_for, until - at),
        staff_role=staff_role,
        instead_of=browser.session_id,
    )
    device = browser.device or secrets.token_urlsafe(32)
    await know_device(tx, hashed(device), member.member_id, at=at)
    return NewLogin(opened, device)


async def enter_anew(
    tx: Tx, settings: Settings, browser: Browser, member: Member, *, at: datetime
) -> NewLogin:
    """Give the login of this browser a new id, because a right of ``member`` changed. It ends when the old one did.

    Raises LoginOvertaken where the old one has ended.
    """
    until = await end_of(tx, browser.session_id, member.member_id, at=at) if browser.session_id else None
    if until is None:
        raise LoginOvertaken
    return await enter(
        tx, settings, browser, member, way="password", staff_role=browser.staff, until=until, at=at
    )
