"""Creates every mail: stored here, it is counted, limited, logged and retried.

An event creates a mail through its file (write_event_mails.py). A use case without an event calls :func:`write_mail`;
examples are an answer of support, an announcement and a test.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from notifications.mail_settings.rules import Send, SettingDecision, Suppress
from notifications.mailing.message import envelope_address
from notifications.mailing.one_time_links import KeptLink
from notifications.mailing.outcome_events import suppressed
from notifications.mailing.rows import KeptEvent
from notifications.mailing.store_mails import NewMail, store_mails
from notifications.mails.audience import AUDIENCES, Lane
from notifications.mails.one_line import in_one_line
from notifications.mails.rendering import Mails, Rendered
from shared.clock import now
from shared.database.transactions import Tx
from shared.events import MailSuppressed


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """The kind of a mail and its cause: an event (``event_id``) or a use case (``reference``).

    ``name`` and ``audience`` identify it in rows, log and events (``shipped.customer``). ``lane`` is the group of mails
    to the same address with which it is counted. ``requested_by`` is the member of staff who asked for it.

    ``needed_to_pay`` means that the buyer may not know how to pay without it. ``event`` is the event of a mail that may
    be rendered again. ``traceparent`` is the trace that it continues.
    """

    name: str
    audience: str = "customer"
    lane: Lane = "order"
    event_id: UUID | None = None
    reference: str | None = None
    requested_by: str | None = None
    order_code: str | None = None
    member_id: UUID | None = None
    link: KeptLink | None = None
    needed_to_pay: bool = False
    event: KeptEvent | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """A requested mail. If it is not new, an earlier request stored it."""

    mail_id: UUID
    is_new: bool


async def write_mail(
    tx: Tx, mails: Mails, words: Rendered, purpose: Purpose, addresses: Sequence[str]
) -> list[Written]:
    """Store a rendered mail to each of ``addresses``, due now. Return all of them, also those stored before.

    The same ``reference`` creates at most one mail of a name for an address. An address that is not deliverable gets no
    mail, and an event reports it. Raises ValueError for a purpose without reference, or for an unknown audience.
    """
    if purpose.reference is None or purpose.audience not in AUDIENCES:
        raise ValueError(f"{purpose.name}: a mail without an event needs a reference and a known audience")
    at = now()
    new: list[NewMail] = []
    for typed in dict.fromkeys(addresses):
        mail_id = uuid5(NAMESPACE_URL, f"{purpose.name}/{purpose.reference}/{typed}")
        decision = Suppress("no_address") if envelope_address(typed) is None else Send()
        new.append(new_mail(mails, words, purpose, mail_id, typed=typed, decision=decision, due_from=at))
    stored, unsent = await _store(tx, new)
    tx.say(*unsent)
    return [Written(mail.mail_id, is_new=mail.mail_id in stored) for mail in new]


def new_mail(
    mails: Mails,
    words: Rendered,
    purpose: Purpose,
    mail_id: UUID,
    *,
    typed: str,
    decision: SettingDecision,
    due_from: datetime,
) -> NewMail:
    """Return a mail to the address that somebody ``typed``. It will be sent, or has a reason not to be.

    The delay of ``decision`` counts from ``due_from``.
    """
    return NewMail(
        mail_id=mail_id,
        event_id=purpose.event_id,
        reference=purpose.reference,
        requested_by=purpose.requested_by,
        mail=purpose.name,
        audience=purpose.audience,
        lane=purpose.lane,
        language=words.language,
        recipient=envelope_address(typed) or in_one_line(typed),
        message_id=f"<{mail_id}@{mails.shop.mail.rpartition('@')[2]}>",
        subject=words.subject,
        text=words.text,
        typed=words.typed or None,
        title=words.title,
        created_at=now(),
        state="queued" if isinstance(decision, Send) else "suppressed",
        due_at=due_from + decision.delay if isinstance(decision, Send) else None,
        reason=decision.reason if isinstance(decision, Suppress) else None,
        order_code=purpose.order_code,
        member_id=purpose.member_id,
        link=purpose.link,
        needed_to_pay=purpose.needed_to_pay,
        told=purpose.event,
        traceparent=purpose.traceparent,
    )


async def write_all(tx: Tx, new: Sequence[NewMail]) -> list[MailSuppressed]:
    """Store the mails that do not exist yet. Return the events about those that are not sent.

    Of two mails with the same id the first counts.
    """
    return (await _store(tx, new))[1]


async def _store(tx: Tx, new: Sequence[NewMail]) -> tuple[set[UUID], list[MailSuppressed]]:
    stored = await store_mails(tx, new)
    first = {mail.mail_id: mail for mail in reversed(new) if mail.mail_id in stored}
    return stored, [suppressed(mail, mail.reason) for mail in first.values() if mail.reason is not None]
