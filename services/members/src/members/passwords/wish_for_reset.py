"""Stores the address of a forgotten password at once, and looks it up later (MEM-27)."""

from datetime import datetime

from members.accounts.rows import member_by_email
from members.passwords.request_reset import request_reset
from members.passwords.tables import reset_wishes
from members.passwords.wishes import Wish, cause_of, delete_wish, insert_wish
from members.sessions.pacing import RESETS_FROM_CLIENT, RESETS_OF_ADDRESS, keep_pace
from shared.clock import now
from shared.database.transactions import Database, Tx
from shared.due.work import DueWork
from shared.text.mail_address import counted_mail


async def wish_for_reset(tx: Tx, email: str, *, ip: str, at: datetime) -> None:
    """Store a request for the password of ``email``, whether or not it is a member's.

    Nothing is looked up here, so that response and time are the same for every address. Raises TooManyAttempts, also
    the same for every address.
    """
    await keep_pace(tx, RESETS_FROM_CLIENT, ip, at=at)
    await keep_pace(tx, RESETS_OF_ADDRESS, counted_mail(email), at=at)
    await insert_wish(tx, email, at=at)


class MailResets:
    """Due work that requests the mail for a forgotten password, if the address is a member's."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def due_work(self) -> DueWork:
        """Return this as due work."""
        return DueWork("mail_resets", reset_wishes, self.perform, cause=cause_of, kind=Wish)

    async def perform(self, wish: Wish) -> None:
        """Publish the request of one stored address, once."""
        async with self._db.transaction() as tx:
            if not await delete_wish(tx, wish.wish_id):
                return
            member = await member_by_email(tx, wish.email)
            if member is not None:
                await request_reset(tx, member, at=now())
