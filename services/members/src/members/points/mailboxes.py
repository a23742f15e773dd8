"""Mailboxes that got registration points: one grant each, whatever ``+tag`` their accounts have."""

from datetime import datetime
from uuid import UUID

from shared.database.transactions import Tx
from shared.text.mail_address import COUNTED_MAIL, counted_mail

_MAILBOX = COUNTED_MAIL.format(column="email")


async def note_mailbox(tx: Tx, member_id: UUID, *, at: datetime) -> bool:
    """Store that the member's mailbox gets its registration points. Returns False if it had them before.

    Addresses that differ only in a ``+tag`` are one mailbox. Each may have an account, but only one gets points.
    """
    noted = await tx.execute(
        "INSERT INTO registration_mailboxes (mailbox, member_id, granted_at)"  # noqa: S608
        f" SELECT {_MAILBOX}, member_id, :at FROM members WHERE member_id = :member_id ON CONFLICT DO NOTHING",
        member_id=member_id,
        at=at,
    )
    return noted == 1


async def mailbox_had_points(tx: Tx, email: str) -> bool:
    """Return whether the mailbox of an address has had its registration points."""
    had = await tx.value(
        "SELECT 1 FROM registration_mailboxes WHERE mailbox = :mailbox", mailbox=counted_mail(email)
    )
    return had is not None
