"""Requests mails to set a password (MEM-09, MEM-27).

The event contains only the request. Notifications signs the link when it sends the mail
(:mod:`shared.shop.mail_links`).
"""

from datetime import datetime, timedelta
from uuid import UUID

from members.accounts.rows import Member, member_by_id
from members.addresses.rows import open_request
from members.deeds.rows import Doer, note_deed
from members.sessions.pacing import RESETS_OF_ADDRESS, keep_pace
from shared.database.transactions import Tx
from shared.errors import Refused
from shared.events import PasswordResetRequested
from shared.text.mail_address import counted_mail

RESET_VALID_FOR = timedelta(minutes=45)


async def request_reset(tx: Tx, member: Member, *, at: datetime) -> None:
    """Request a mail to set a password. It replaces the earlier request."""
    link = await open_request(
        tx, member.member_id, member.email, "password_reset", at=at, valid_for=RESET_VALID_FOR
    )
    tx.say(
        PasswordResetRequested(
            member_id=member.member_id,
            request_id=link.request_id,
            name=member.name,
            email=member.email,
            expires_at=link.expires_at,
            first=member.password_hash is None,
        )
    )


async def request_own_reset(tx: Tx, member: Member, *, at: datetime) -> None:
    """Request it for a logged-in member. Raises TooManyAttempts."""
    await keep_pace(tx, RESETS_OF_ADDRESS, counted_mail(member.email), at=at)
    await request_reset(tx, member, at=at)


async def request_reset_by_staff(tx: Tx, member_id: UUID, *, by: Doer, at: datetime) -> None:
    """Request it for staff, and note the deed. Raises Refused for an unknown member, and TooManyAttempts."""
    member = await member_by_id(tx, member_id)
    if member is None:
        raise Refused("member_unknown", "この会員は見つかりません", status=404)
    await request_own_reset(tx, member, at=at)
    await note_deed(tx, by, "reset_started", f"{member.name} {member_id}", at=at)
