"""Links by mail: to set a password (MEM-09, MEM-27) and to prove an address (MEM-38).

The event says only which request it is; notifications signs the link when it sends the mail
(:mod:`shared.mail_links`).
"""

from datetime import datetime, timedelta
from uuid import UUID

from members.storage.mail_requests import open_request
from members.storage.members import email_key, member_by_email
from members.storage.pacing import RESETS_FROM_CLIENT, RESETS_OF_ADDRESS, keep_pace
from members.storage.reset_wishes import cause_of, delete_wish, insert_wish
from members.storage.tables import reset_wishes
from shared.clock import now
from shared.database import Database, Tx
from shared.due import DueWork
from shared.events import EmailVerificationRequested, PasswordResetRequested
from shared.sql import Row

RESET_VALID_FOR = timedelta(minutes=45)
VERIFICATION_VALID_FOR = timedelta(hours=24)


async def wish_for_reset(tx: Tx, email: str, *, ip: str, at: datetime) -> None:
    """Note that somebody forgot the password of ``email``, whoever that is.

    Nothing is looked up here, so that the answer and its time are the same for every address. Raises
    TooManyAttempts, also the same for every address.
    """
    await keep_pace(tx, RESETS_FROM_CLIENT, ip, at=at)
    await keep_pace(tx, RESETS_OF_ADDRESS, email_key(email), at=at)
    await insert_wish(tx, email, at=at)


class MailResets:
    """Due work: lets a mail go to whoever forgot the password, if that is a member."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def due_work(self) -> DueWork:
        """Return this as due work."""
        return DueWork("mail_resets", reset_wishes, self.perform, cause=cause_of)

    async def perform(self, row: Row) -> None:
        """Say the request of one wish, once."""
        async with self._db.transaction() as tx:
            if not await delete_wish(tx, row.wish_id):
                return
            member = await member_by_email(tx, row.email)
            if member is not None:
                tx.say(await request_reset(tx, member, at=now()))


async def request_reset(tx: Tx, member: Row, *, at: datetime) -> PasswordResetRequested:
    """Open a request to set a password, in place of the one before it, and return what is to be said."""
    link = await open_request(
        tx, member.member_id, member.email, "password_reset", at=at, valid_for=RESET_VALID_FOR
    )
    return PasswordResetRequested(
        member_id=member.member_id,
        request_id=link.request_id,
        name=member.name,
        email=member.email,
        expires_at=link.expires_at,
        first=member.password_hash is None,
    )


async def request_verification(
    tx: Tx, member_id: UUID, *, name: str, email: str, at: datetime
) -> EmailVerificationRequested:
    """Open a request to prove an address, in place of the one before it, and return what is to be said."""
    link = await open_request(
        tx, member_id, email, "email_verification", at=at, valid_for=VERIFICATION_VALID_FOR
    )
    return EmailVerificationRequested(
        member_id=member_id,
        request_id=link.request_id,
        name=name,
        email=email,
        expires_at=link.expires_at,
    )
