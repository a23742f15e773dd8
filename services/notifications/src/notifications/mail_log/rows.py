"""Queries for the log of mails."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from notifications.mailing.delivery import UNDELIVERED, State
from notifications.mailing.tables import mails
from notifications.orders.tables import order_words
from shared.clock import now
from shared.database.planning import LONG, SEARCH
from shared.database.search_words import found_by
from shared.database.transactions import Tx


@dataclass(frozen=True, slots=True)
class MailTry:
    """One try to send a mail. Without an outcome it was interrupted."""

    number: int
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None
    code: int | None
    answer: str | None


async def tries_of(tx: Tx, mail_id: UUID) -> list[MailTry]:
    """Return the tries of a mail, newest first."""
    return await tx.read(
        MailTry,
        "SELECT number, started_at, ended_at, outcome, code, answer FROM mail_attempts"
        " WHERE mail_id = :mail_id ORDER BY number DESC",
        mail_id=mail_id,
    )


@dataclass(frozen=True, slots=True)
class LoggedMail:
    """A mail as the log lists it."""

    mail_id: UUID
    mail: str
    title: str | None
    audience: str
    recipient: str
    order_code: str | None
    subject: str
    state: State
    reason: str | None
    created_at: datetime
    due_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Search:
    """The search conditions of the log. Empty values do not narrow it."""

    states: Sequence[State] = ()
    mail: str = ""
    words: str = ""


_COLUMNS = [mails.c[field.name] for field in fields(LoggedMail)]


def _conditions(search: Search) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if search.states:
        found.append(mails.c.state.in_(search.states))
    if search.mail:
        found.append(mails.c.mail == search.mail)
    if search.words:
        # Each condition uses its own index. One condition with OR would use none.
        ids = select(mails.c.mail_id)
        about_no_order = mails.c.order_code.is_(None)
        by_words = ids.where(found_by(mails.c.order_code, order_words, search.words))
        by_code = ids.where(mails.c.order_code == search.words)
        by_address = ids.where(about_no_order, mails.c.recipient.icontains(search.words, autoescape=True))
        found.append(mails.c.mail_id.in_(by_words.union_all(by_code, by_address)))
    return found


async def find_mails(tx: Tx, search: Search, *, limit: int, offset: int) -> list[LoggedMail]:
    """Return one page of the log, newest first. Words match parts of a code, a name or an address."""
    if search.words:
        await tx.plan(SEARCH)
    newest = (mails.c.created_at.desc(), mails.c.mail_id.desc())
    found = select(*_COLUMNS).where(*_conditions(search)).order_by(*newest)
    return await tx.read(LoggedMail, found.limit(limit).offset(offset))


async def count_mails(tx: Tx, search: Search) -> int:
    """Return the number of found mails."""
    await tx.plan(SEARCH if search.words else LONG)
    return int(await tx.value(select(func.count()).select_from(mails).where(*_conditions(search))) or 0)


STUCK = timedelta(minutes=10)
"""The time after which a mail counts as stuck. A working server accepts each within moments of its first try."""

_STUCK = """
    SELECT count(*) AS stuck, count(*) FILTER (WHERE shop_refused) AS shop_refused
    FROM (SELECT least(first_tried_at, due_at) <= CAST(:before AS timestamptz) AS long,
                 coalesce((SELECT outcome = 'Later' AND code >= 500 FROM mail_attempts AS a
                           WHERE a.mail_id = m.mail_id AND outcome IS NOT NULL
                           ORDER BY number DESC LIMIT 1), false) AS shop_refused
          FROM mails AS m WHERE due_at IS NOT NULL) AS waiting
    WHERE long OR shop_refused
"""


async def count_left_lying(tx: Tx) -> dict[str, int]:
    """Return the numbers of undelivered and stuck mails, for the page of operations and its gauge.

    ``undelivered`` mails were accepted by no server. ``mails_stuck`` are due, but have waited for :data:`STUCK` since
    the first try, or the server refuses the shop. ``mails_shop_refused`` are the stuck mails where the server's last
    5xx answer was to the login or the shop's address. ``mail_accepted`` is 1 if a server has ever accepted a mail. A mail that waits because of a limit is in none of these numbers.
    """
    found = "SELECT count(*) FROM mails WHERE state = ANY(CAST(:states AS text[]))"
    undelivered = int(await tx.value(found, states=list(UNDELIVERED)) or 0)
    [waiting] = await tx.rows(_STUCK, before=now() - STUCK)
    accepted = bool(await tx.value("SELECT EXISTS (SELECT 1 FROM mails WHERE state = 'sent')"))
    return {
        "mail_accepted": int(accepted),
        "undelivered": undelivered,
        "mails_stuck": waiting.stuck,
        "mails_shop_refused": waiting.shop_refused,
    }


async def count_by_state(tx: Tx) -> dict[str, int]:
    """Return the number of mails in each state."""
    await tx.plan(LONG)
    return {
        row.state: row.n for row in await tx.rows("SELECT state, count(*) AS n FROM mails GROUP BY state")
    }
