"""The stored mails."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from notifications.mailing.delivery import State
from notifications.mailing.one_time_links import KeptLink
from notifications.mails.audience import Lane
from notifications.mails.typed import Span
from shared.database.sql import columns_of
from shared.database.transactions import Tx


class KeptEvent(TypedDict):
    """The stored form of an event: its type and its body as JSON."""

    type: str
    body: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class StoredMail:
    """A stored mail. ``lease`` is the id of the claim on it while a worker processes it.

    ``title`` and ``typed`` are None in rows from before these columns. ``link`` is the stored part of a one-time link.
    ``told`` is the event of a mail that may be rendered again.
    """

    mail_id: UUID
    event_id: UUID | None
    requested_by: str | None
    mail: str
    audience: str
    lane: Lane
    language: str
    recipient: str
    message_id: str
    order_code: str | None
    member_id: UUID | None
    subject: str
    text: str
    typed: Sequence[Span] | None
    title: str | None
    link: KeptLink | None
    needed_to_pay: bool
    told: KeptEvent | None
    state: State
    reason: str | None
    created_at: datetime
    first_tried_at: datetime | None
    due_at: datetime | None
    traceparent: str | None
    lease: UUID | None
    attempts: int


async def one_mail(tx: Tx, mail_id: UUID) -> StoredMail | None:
    """Return one mail, or None."""
    return await tx.read_one(StoredMail, _MAIL, mail_id=mail_id)


_MAIL = f"SELECT {columns_of(StoredMail)} FROM mails WHERE mail_id = :mail_id"  # noqa: S608 - names are ours
