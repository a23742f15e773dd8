"""Stores rendered mails once. A stored mail is not changed."""

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
    """A mail to be stored. ``due_at`` is None if it will not be sent, for ``reason``.

    An event called for it, or a use case that names its subject in ``reference``. ``requested_by`` is the member of
    staff who asked for it, if any. ``title`` is its name for staff.

    ``link`` is the stored part of its one-time link. ``typed`` gives the positions of typed text. ``needed_to_pay``
    means that staff are called if it does not arrive. ``told`` is the event of a mail that may be rendered again.
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
    """Return the cause of a mail: the event that it is about, with its trace."""
    return Cause(mail.event_id, mail.traceparent)


async def store_mails(tx: Tx, new: Sequence[NewMail]) -> set[UUID]:
    """Store ``new`` and return the ids of the stored mails. A mail that exists already remains unchanged.

    The sender is not woken. It polls every second, and then sends all new mails together.
    """
    stored = await insert_all(tx, mails, new, skip_known=True, returning="mail_id")
    return {row.mail_id for row in stored}
