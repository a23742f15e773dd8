"""A mail is stored as it was rendered, once; what is stored already stays as it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from notifications.mailing.delivery import State
from notifications.mailing.one_time_links import KeptLink
from notifications.mailing.rows import KeptEvent, StoredMail
from notifications.mailing.tables import mails
from notifications.mails.audience import Lane
from notifications.mails.typed import Span
from shared.cause import Cause
from shared.database.bulk import insert_all
from shared.database.transactions import Tx
from shared.events import SuppressionReason


@dataclass(frozen=True, slots=True)
class NewMail:
    """A mail to be written down; ``due_at`` is None where it will not be sent, for ``reason``.

    It was called for by an event, or by a use case that names what it is about (``reference``) and, if it was a
    member of staff, who. ``title`` is what staff call it, ``link`` what is kept of the one-time link that it leads to,
    ``typed`` where in its text stands what people typed, ``needed_to_pay`` whether staff hear if it does not arrive, ``told`` the
    event of a mail that is written once more as it leaves.
    """

    mail_id: UUID
    event_id: UUID | None
    reference: str | None
    requested_by: str | None
    mail: str
    audience: str
    lane: Lane
    language: str
    recipient: str
    message_id: str
    subject: str
    text: str
    title: str
    created_at: datetime
    state: State
    due_at: datetime | None = None
    reason: SuppressionReason | None = None
    order_code: str | None = None
    member_id: UUID | None = None
    link: KeptLink | None = None
    typed: tuple[Span, ...] | None = None
    needed_to_pay: bool = False
    told: KeptEvent | None = None
    traceparent: str | None = None


def cause_of(mail: NewMail | StoredMail) -> Cause:
    """Return the event that a mail tells of."""
    return Cause(mail.event_id, mail.traceparent)


async def store_mails(tx: Tx, new: Sequence[NewMail]) -> set[UUID]:
    """Store ``new`` and return the ids of those stored: a mail that is there already stays as it is.

    The sender is not woken: it looks every second, and finds all that was written down meanwhile together.
    """
    stored = await insert_all(tx, mails, new, skip_known=True, returning="mail_id")
    return {row.mail_id for row in stored}
