"""Mails and the tries to send them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.dialects.postgresql import insert

from notifications.domain.mail import Answer, State, Verdict
from notifications.storage.tables import mails
from shared.database import Tx

SENDING = "send_mail"
"""The due work that sends queued mails."""


@dataclass(frozen=True, slots=True)
class NewMail:
    """A mail to be written down; ``due_at`` is None where it will not be sent, for ``reason``."""

    mail_id: UUID
    event_id: UUID
    mail: str
    recipient: str
    message_id: str
    subject: str
    text: str
    created_at: datetime
    state: State
    due_at: datetime | None = None
    reason: str | None = None
    order_code: str | None = None
    member_id: UUID | None = None


async def write_down(tx: Tx, new: Sequence[NewMail]) -> set[UUID]:
    """Store ``new`` and return the ids of those stored: a mail that is there already stays as it is."""
    values = [{name: getattr(mail, name) for name in NewMail.__slots__} for mail in new]
    statement = insert(mails).values(values).on_conflict_do_nothing().returning(mails.c.mail_id)
    stored = {row.mail_id for row in await tx.rows(statement)}
    if any(mail.due_at is not None for mail in new):
        tx.wake(SENDING)
    return stored


async def start_try(tx: Tx, row: Row[Any], *, at: datetime) -> tuple[int, datetime] | None:
    """Note that a try begins; return its number and when the first one was. None if the lease is not ours."""
    mail = await tx.row(
        "UPDATE mails SET state = 'sending', first_tried_at = coalesce(first_tried_at, :at)"
        " WHERE mail_id = :mail_id AND lease = :lease RETURNING first_tried_at",
        mail_id=row.mail_id,
        lease=row.lease,
        at=at,
    )
    if mail is None:
        return None
    number = await tx.value(
        "INSERT INTO mail_attempts (mail_id, number, started_at)"
        " SELECT :mail_id, coalesce(max(number), 0) + 1, :at FROM mail_attempts WHERE mail_id = :mail_id"
        " RETURNING number",
        mail_id=row.mail_id,
        at=at,
    )
    return int(number), mail.first_tried_at


async def end_try(
    tx: Tx, mail_id: UUID, number: int, answer: Answer, verdict: Verdict, *, at: datetime
) -> None:
    """Note what the server answered and what that makes of the mail."""
    await tx.execute(
        "UPDATE mail_attempts SET ended_at = :at, outcome = :outcome, code = :code, answer = :answer"
        " WHERE mail_id = :mail_id AND number = :number",
        mail_id=mail_id,
        number=number,
        at=at,
        outcome=type(answer).__name__,
        code=getattr(answer, "code", None),
        answer=answer.answer[:500],
    )
    await tx.execute(
        "UPDATE mails SET state = :state, ended_at = :ended_at WHERE mail_id = :mail_id",
        mail_id=mail_id,
        state=verdict.state,
        ended_at=None if verdict.due_at else at,
    )


async def queue_again(
    tx: Tx, mail_ids: Sequence[UUID], states: Sequence[State], *, at: datetime
) -> set[UUID]:
    """Queue those of ``mail_ids`` that are in one of ``states`` anew; return which."""
    rows = await tx.rows(
        "UPDATE mails SET state = 'queued', due_at = :at, attempts = 0, first_tried_at = NULL,"
        " ended_at = NULL, reason = NULL"
        " WHERE mail_id = ANY(CAST(:ids AS uuid[])) AND state = ANY(CAST(:states AS text[]))"
        " RETURNING mail_id",
        ids=list(mail_ids),
        states=list(states),
        at=at,
    )
    if rows:
        tx.wake(SENDING)
    return {row.mail_id for row in rows}


async def one_mail(tx: Tx, mail_id: UUID) -> Row[Any] | None:
    """Return one mail, or None."""
    return await tx.row("SELECT * FROM mails WHERE mail_id = :mail_id", mail_id=mail_id)


async def tries_of(tx: Tx, mail_id: UUID) -> Sequence[Row[Any]]:
    """Return the tries of a mail, newest first."""
    return await tx.rows(
        "SELECT * FROM mail_attempts WHERE mail_id = :mail_id ORDER BY number DESC", mail_id=mail_id
    )


async def mails_of_order(tx: Tx, code: str, *, at: datetime) -> Sequence[Row[Any]]:
    """Return what the buyer of an order was told or is being told, newest first; not what is still to wait."""
    return await tx.rows(
        "SELECT mail_id, mail, subject, text, created_at, ended_at, state FROM mails"
        " WHERE order_code = :code AND state <> 'suppressed' AND (due_at IS NULL OR due_at <= :at"
        " OR first_tried_at IS NOT NULL) ORDER BY created_at DESC",
        code=code,
        at=at,
    )


@dataclass(frozen=True, slots=True)
class Search:
    """What staff look for in the log; empty values do not narrow it."""

    states: Sequence[State] = ()
    mail: str = ""
    words: str = ""


_COLUMNS = "SELECT mail_id, mail, recipient, order_code, subject, state, reason, created_at, due_at, ended_at, attempts"
_WHERE = (
    " FROM mails WHERE (:any_state OR state = ANY(CAST(:states AS text[]))) AND (:mail = '' OR mail = :mail)"
    " AND (:words = '' OR order_code = :words OR lower(recipient) = lower(:words))"
)


def _values(search: Search) -> dict[str, Any]:
    return {
        "any_state": not search.states,
        "states": list(search.states),
        "mail": search.mail,
        "words": search.words,
    }


async def find_mails(tx: Tx, search: Search, *, limit: int, offset: int) -> Sequence[Row[Any]]:
    """Return one page of the log, newest first."""
    return await tx.rows(
        f"{_COLUMNS}{_WHERE} ORDER BY created_at DESC, mail_id DESC LIMIT :limit OFFSET :offset",
        limit=limit,
        offset=offset,
        **_values(search),
    )


async def count_mails(tx: Tx, search: Search) -> int:
    """Return how many mails the search finds."""
    return int(await tx.value(f"SELECT count(*){_WHERE}", **_values(search)))


async def count_by_state(tx: Tx) -> dict[str, int]:
    """Return how many mails are in each state."""
    return {
        row.state: row.n for row in await tx.rows("SELECT state, count(*) AS n FROM mails GROUP BY state")
    }
