"""Starts the session of any login, and registers the browser for later recognition."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from members.accounts.rows import Member
from members.sessions.attempts import hashed
from members.sessions.rows import Way, know_device
from members.sessions.sign_in import OpenedSession, open_session
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
    at: datetime,
) -> NewLogin:
    """Open a session for ``member`` that replaces the one in this browser. Send it with the response.

    ``staff_role`` is set by the desk's login. Those sessions are shorter.
    """
    opened = await open_session(
        tx,
        member,
        way=way,
        device=browser.label,
        at=at,
        valid_for=timedelta(days=settings.session_days_max)
        if staff_role is None
        else timedelta(hours=settings.staff_session_hours_max),
        staff_role=staff_role,
        instead_of=browser.session_id,
    )
    device = browser.device or secrets.token_urlsafe(32)
    await know_device(tx, hashed(device), member.member_id, at=at)
    return NewLogin(opened, device)
