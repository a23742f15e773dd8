"""Mails and the tries to send them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from notifications.mailing.delivery import UNDELIVERED, Answer, State, Verdict
from notifications.mailing.pacing import Lane
from notifications.tables import mails, order_words
from shared.bulk import insert_all
from shared.cause import Cause
from shared.database import Tx
from shared.events import SuppressionReason
from shared.sql import Row
from shared.words import found_by, plan_for_words

SENDING = "send_mail"
"""The due work that sends queued mails."""


@dataclass(frozen=True, slots=True)
class NewMail:
    """A mail to be written down; ``due_at`` is None where it will not be sent, for ``reason``.

    It was called for by an event, or by a use case that names what it is about (``reference``) and, if it was a
    member of staff, who. ``title`` is what staff call it, ``link`` what is kept of the one-time link that it leads to.
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
    link: dict[str, Any] | None = None
    traceparent: str | None = None


def cause_of(mail: NewMail | Row) -> Cause:
    """Return the event that a mail tells of."""
    return Cause(mail.event_id, mail.traceparent)


async def write_down(tx: Tx, new: Sequence[NewMail]) -> set[UUID]:
    """Store ``new`` and return the ids of those stored: a mail that is there already stays as it is.

    The sender is not woken: it looks every second, and finds all that was written down meanwhile together.
    """
    rows = [{name: getattr(mail, name) for name in NewMail.__slots__} for mail in new]
    stored = await insert_all(tx, mails, rows, skip_known=True, returning="mail_id")
    return {row.mail_id for row in stored}


@dataclass(frozen=True, slots=True)
class Try:
    """A try that has begun: of which claimed mail, its number, and when the first one was."""

    mail: Row
    number: int
    first_tried_at: datetime

    @property
    def cause(self) -> Cause:
        """Return the event that the mail tells of."""
        return cause_of(self.mail)


async def start_tries(tx: Tx, rows: Sequence[Row], *, at: datetime) -> list[Try]:
    """Note that a try of each mail begins. ``rows`` are claimed in this transaction, so that they are ours."""
    begun = await tx.rows(
        "WITH begun AS (UPDATE mails SET state = 'sending', reason = NULL,"
        " first_tried_at = coalesce(first_tried_at, CAST(:at AS timestamptz))"
        " WHERE mail_id = ANY(CAST(:ids AS uuid[])) RETURNING mail_id)"
        " INSERT INTO mail_attempts (mail_id, number, started_at)"
        " SELECT mail_id, 1 + (SELECT coalesce(max(number), 0) FROM mail_attempts AS a"
        " WHERE a.mail_id = begun.mail_id), CAST(:at AS timestamptz) FROM begun RETURNING mail_id, number",
        ids=[row.mail_id for row in rows],
        at=at,
    )
    numbers = {row.mail_id: row.number for row in begun}
    return [Try(row, numbers[row.mail_id], row.first_tried_at or at) for row in rows]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the server answered to a try, what that makes of the mail, and when it was."""

    answer: Answer
    verdict: Verdict
    at: datetime


async def end_tries(tx: Tx, ended: Sequence[tuple[Try, Outcome]]) -> set[UUID]:
    """Note how each try ended and the state that its mail is in now, and end our claim on it.

    Returns the mails that were still ours; of any other nothing is written.
    """
    ours = await tx.rows(
        _END_TRIES,
        mail_ids=[tried.mail.mail_id for tried, _ in ended],
        leases=[tried.mail.lease for tried, _ in ended],
        numbers=[tried.number for tried, _ in ended],
        states=[outcome.verdict.state for _, outcome in ended],
        due=[outcome.verdict.due_at for _, outcome in ended],
        at=[outcome.at for _, outcome in ended],
        outcomes=[type(outcome.answer).__name__ for _, outcome in ended],
        codes=[getattr(outcome.answer, "code", None) for _, outcome in ended],
        answers=[outcome.answer.answer[:500] for _, outcome in ended],
    )
    return {row.mail_id for row in ours}


_END_TRIES = """
WITH ended AS (
    SELECT * FROM unnest(
        CAST(:mail_ids AS uuid[]), CAST(:leases AS uuid[]), CAST(:numbers AS integer[]), CAST(:states AS text[]),
        CAST(:due AS timestamptz[]), CAST(:at AS timestamptz[]), CAST(:outcomes AS text[]),
        CAST(:codes AS integer[]), CAST(:answers AS text[])
    ) AS e(mail_id, lease, number, state, due_at, at, outcome, code, answer)
), ours AS (
    UPDATE mails AS m SET state = e.state, due_at = e.due_at, ended_at = CASE WHEN e.due_at IS NULL THEN e.at END,
        leased_until = NULL, lease = NULL
    FROM ended AS e WHERE m.mail_id = e.mail_id AND m.lease = e.lease RETURNING e.*
)
UPDATE mail_attempts AS a SET ended_at = o.at, outcome = o.outcome, code = o.code, answer = o.answer
FROM ours AS o WHERE a.mail_id = o.mail_id AND a.number = o.number RETURNING a.mail_id
"""


async def queue_again(
    tx: Tx, mail_ids: Sequence[UUID], states: Sequence[State], *, at: datetime
) -> dict[UUID, str]:
    """Queue those of ``mail_ids`` that are in one of ``states`` anew; return which, each with its recipient."""
    rows = await tx.rows(
        "UPDATE mails SET state = 'queued', due_at = :at, attempts = 0, first_tried_at = NULL,"
        " ended_at = NULL, reason = NULL"
        " WHERE mail_id = ANY(CAST(:ids AS uuid[])) AND state = ANY(CAST(:states AS text[]))"
        " RETURNING mail_id, recipient",
        ids=list(mail_ids),
        states=list(states),
        at=at,
    )
    if rows:
        tx.wake(SENDING)
    return {row.mail_id: row.recipient for row in rows}


async def end_waiting(tx: Tx, codes: Sequence[str], kinds: Sequence[str], *, at: datetime) -> None:
    """Let mails of these ``kinds`` about orders ``codes`` that still wait be looked at now, not when they are due."""
    await tx.execute(
        "UPDATE mails SET due_at = :at WHERE order_code = ANY(CAST(:codes AS text[]))"
        " AND mail = ANY(CAST(:kinds AS text[])) AND state = 'queued' AND due_at > :at",
        codes=list(codes),
        kinds=list(kinds),
        at=at,
    )


async def one_mail(tx: Tx, mail_id: UUID) -> Row | None:
    """Return one mail, or None."""
    return await tx.row("SELECT * FROM mails WHERE mail_id = :mail_id", mail_id=mail_id)


async def tries_of(tx: Tx, mail_id: UUID) -> Sequence[Row]:
    """Return the tries of a mail, newest first."""
    return await tx.rows(
        "SELECT * FROM mail_attempts WHERE mail_id = :mail_id ORDER BY number DESC", mail_id=mail_id
    )


async def mails_of_order(tx: Tx, code: str, *, at: datetime) -> Sequence[Row]:
    """Return what the buyer of an order was told or is being told, newest first; not what is still to wait.

    Too many mails to one address wait as mails only: here they are told at once.
    """
    return await tx.rows(
        "SELECT mail_id, mail, subject, text, created_at, ended_at, state FROM mails"
        " WHERE order_code = :code AND audience = 'customer' AND state <> 'suppressed' AND (due_at IS NULL OR due_at <= :at"
        " OR first_tried_at IS NOT NULL OR reason IS NOT NULL) ORDER BY created_at DESC",
        code=code,
        at=at,
    )


@dataclass(frozen=True, slots=True)
class Search:
    """What staff look for in the log; empty values do not narrow it."""

    states: Sequence[State] = ()
    mail: str = ""
    words: str = ""


_COLUMNS = (
    mails.c.mail_id,
    mails.c.mail,
    mails.c.title,
    mails.c.audience,
    mails.c.recipient,
    mails.c.order_code,
    mails.c.subject,
    mails.c.state,
    mails.c.reason,
    mails.c.created_at,
    mails.c.due_at,
    mails.c.ended_at,
    mails.c.attempts,
)


def _conditions(search: Search) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if search.states:
        found.append(mails.c.state.in_(search.states))
    if search.mail:
        found.append(mails.c.mail == search.mail)
    if search.words:
        # Each is answered by an index of its own; joined by OR, none would be.
        ids = select(mails.c.mail_id)
        about_no_order = mails.c.order_code.is_(None)
        by_words = ids.where(found_by(mails.c.order_code, order_words, search.words))
        by_code = ids.where(mails.c.order_code == search.words)
        by_address = ids.where(about_no_order, mails.c.recipient.icontains(search.words, autoescape=True))
        found.append(mails.c.mail_id.in_(by_words.union_all(by_code, by_address)))
    return found


async def find_mails(tx: Tx, search: Search, *, limit: int, offset: int) -> Sequence[Row]:
    """Return one page of the log, newest first; words are parts of a code, a name or an address."""
    if search.words:
        await plan_for_words(tx)
    newest = (mails.c.created_at.desc(), mails.c.mail_id.desc())
    return await tx.rows(
        select(*_COLUMNS).where(*_conditions(search)).order_by(*newest).limit(limit).offset(offset)
    )


async def count_mails(tx: Tx, search: Search) -> int:
    """Return how many mails the search finds."""
    if search.words:
        await plan_for_words(tx)
    return int(await tx.value(select(func.count()).select_from(mails).where(*_conditions(search))) or 0)


async def count_undelivered(tx: Tx) -> dict[str, int]:
    """Return how many mails did not reach anybody, for the page of operations."""
    found = "SELECT count(*) FROM mails WHERE state = ANY(CAST(:states AS text[]))"
    return {"undelivered": int(await tx.value(found, states=list(UNDELIVERED)) or 0)}


async def count_by_state(tx: Tx) -> dict[str, int]:
    """Return how many mails are in each state."""
    return {
        row.state: row.n for row in await tx.rows("SELECT state, count(*) AS n FROM mails GROUP BY state")
    }
