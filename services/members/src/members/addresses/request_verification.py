"""Requests mails that prove an address (MEM-38).

The event contains only the request. Notifications signs the link when it sends the mail
(:mod:`shared.shop.mail_links`).
"""

from datetime import datetime, timedelta
from uuid import UUID

from members.accounts.rows import Member
from members.addresses.rows import open_request
from members.sessions.pacing import VERIFICATIONS, keep_pace
from shared.database.transactions import Tx
from shared.events import EmailVerificationRequested

VERIFICATION_VALID_FOR = timedelta(hours=24)


async def request_verification(tx: Tx, member_id: UUID, *, name: str, email: str, at: datetime) -> None:
    """Request the proof of an address. It replaces the earlier request."""
    link = await open_request(
        tx, member_id, email, "email_verification", at=at, valid_for=VERIFICATION_VALID_FOR
    )
    tx.say(
        EmailVerificationRequested(
            member_id=member_id,
            request_id=link.request_id,
            name=name,
            email=email,
            expires_at=link.expires_at,
        )
    )


async def request_another_verification(tx: Tx, member: Member, *, at: datetime) -> bool:
    """Request it again for the member. Returns False if the address is proved. Raises TooManyAttempts."""
    if member.email_verified_at is not None:
        return False
    await keep_pace(tx, VERIFICATIONS, str(member.member_id), at=at)
    await request_verification(tx, member.member_id, name=member.name, email=member.email, at=at)
    return True
