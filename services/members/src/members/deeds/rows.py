"""Deeds of staff at the desks, and successful and failed logins (STF-03). Rows are only added.

Other services report by event those deeds that none of their states shows.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from shared.clock import end_of_day
from shared.database.planning import LONG
from shared.database.transactions import Database, Tx
from shared.events import CATALOGUE, DeskEvent
from shared.ids import new_id
from shared.text.search_words import like_part

DeedKind = Literal[
    "logged_in",
    "login_failed",
    "locked_out",
    "members_exported",
    "rules_changed",
    "coupon_defined",
    "coupon_issued",
    "points_activated",
    "reset_started",
    "role_given",
    "role_changed",
    "role_taken",
    "staff_invited",
    "invitation_ended",
    "staff_disabled",
    "staff_enabled",
    "sessions_ended",
    "second_factor_set",
    "second_factor_removed",
    "recovery_codes_made",
    "recovery_code_used",
    "second_step_failed",
    "searches_changed",
    "deeds_exported",
]
"""The kinds of deeds at the desk of members, and of logins at all desks."""
DESK_EVENTS = tuple(kind for kind in CATALOGUE.values() if issubclass(kind, DeskEvent))
"""The deeds that other services report. ``deed`` of each event is its kind."""


@dataclass(frozen=True)
class Doer:
    """The acting person, address and browser. ``member_id`` is None if nobody was recognised."""

    member_id: UUID | None
    name: str
    ip: str
    device: str = ""


@dataclass(frozen=True)
class Traces:
    """What a deed is about, besides its subject: an order, a member of staff, and the value before and after it."""

    order_code: str = ""
    before: str = ""
    after: str = ""
    about_id: UUID | None = None


NO_TRACES = Traces()


OPERATOR = Doer(None, "運用者（コマンド）", "")
"""The doer of a command: no login exists."""


async def note_deed(
    tx: Tx,
    by: Doer,
    deed: DeedKind | type[DeskEvent],
    subject: str = "",
    *,
    traces: Traces = NO_TRACES,
    at: datetime,
) -> None:
    """Store one deed in the transaction of the change."""
    await tx.execute(
        'INSERT INTO staff_deeds (deed_id, done_at, by_id, "by", deed, subject, ip, device, order_code, before, after,'
        " about_id) VALUES (:deed_id, :at, :by_id, :by, :deed, :subject, :ip, :device, :order_code, :before, :after,"
        " :about_id)",
        deed_id=new_id(),
        at=at,
        by_id=by.member_id,
        by=by.name,
        deed=deed if isinstance(deed, str) else deed.deed,
        subject=subject,
        ip=by.ip,
        device=by.device,
        order_code=traces.order_code,
        before=traces.before,
        after=traces.after,
        about_id=traces.about_id,
    )


_FROM = " FROM staff_deeds"


@dataclass(frozen=True)
class DeedSearch:
    """The search conditions: a kind of deed, a range of days, and words: an order code, or a part of a name or object.

    Days are days in Japan; the first and the last are included. ``done_before`` leaves out later deeds.
    """

    deed: str = ""
    words: str = ""
    first_day: date | None = None
    last_day: date | None = None
    done_before: datetime | None = None

    def where(self) -> str:
        """Return the SQL condition. Its values are in :meth:`values`."""
        parts = {
            "deed = :deed": self.deed,
            '("by" ILIKE :words OR subject ILIKE :words OR order_code = :code)': self.words,
            "done_at >= :since": self.first_day,
            "done_at < :until": self.last_day,
            "done_at < :done_before": self.done_before,
        }
        asked = [part for part, value in parts.items() if value]
        return " WHERE " + " AND ".join(asked) if asked else ""

    def values(self) -> dict[str, object]:
        """Return the values of the condition."""
        values: dict[str, object] = {}
        if self.deed:
            values["deed"] = self.deed
        if self.words:
            values["words"] = like_part(self.words)
            values["code"] = self.words.strip().upper()
        if self.first_day:
            values["since"] = end_of_day(self.first_day) - timedelta(days=1)
        if self.last_day:
            values["until"] = end_of_day(self.last_day)
        if self.done_before:
            values["done_before"] = self.done_before
        return values


@dataclass(frozen=True, slots=True)
class NotedDeed:
    """A stored deed or attempt: person, address, browser, object, values. ``deed`` may be of another release."""

    done_at: datetime
    by: str
    deed: str
    subject: str
    order_code: str
    before: str
    after: str
    ip: str
    device: str


_NOTED = 'SELECT done_at, "by", deed, subject, order_code, before, after, ip, device'


async def find_deeds(tx: Tx, search: DeedSearch, *, rows_max: int, offset: int) -> list[NotedDeed]:
    """Return one page of found deeds, newest first."""
    await tx.plan(LONG)
    return await tx.read(
        NotedDeed,
        f"{_NOTED}{_FROM}{search.where()} ORDER BY done_at DESC, deed_id DESC LIMIT :rows_max OFFSET :offset",
        rows_max=rows_max,
        offset=offset,
        **search.values(),
    )


def every_deed(db: Database, search: DeedSearch) -> AsyncIterator[NotedDeed]:
    """Return all found deeds, newest first, row by row."""
    statement = f"{_NOTED}{_FROM}{search.where()} ORDER BY done_at DESC, deed_id DESC"
    return db.read_all(NotedDeed, statement, rows_at_once=500, **search.values())


async def count_deeds(tx: Tx, search: DeedSearch) -> int:
    """Return the number of found deeds."""
    await tx.plan(LONG)
    return int(await tx.value(f"SELECT count(*){_FROM}{search.where()}", **search.values()))


@dataclass(frozen=True, slots=True)
class NotedLogin:
    """A login at the desk, or an attempt: when, the result, the address and the browser."""

    done_at: datetime
    deed: str
    ip: str
    device: str


_LOGINS = (
    " FROM staff_deeds WHERE about_id = :about_id AND deed IN ('logged_in', 'login_failed', 'locked_out',"
    " 'second_step_failed', 'recovery_code_used')"
)


async def logins_about(tx: Tx, about_id: UUID, *, rows_max: int, offset: int) -> list[NotedLogin]:
    """Return one page of the logins and attempts of a member of staff, newest first (SEC-12)."""
    await tx.plan(LONG)
    return await tx.read(
        NotedLogin,
        f"SELECT done_at, deed, ip, device{_LOGINS} ORDER BY done_at DESC, deed_id DESC LIMIT :rows_max OFFSET :offset",
        about_id=about_id,
        rows_max=rows_max,
        offset=offset,
    )


async def count_logins_about(tx: Tx, about_id: UUID) -> int:
    """Return the number of the logins and attempts of a member of staff."""
    await tx.plan(LONG)
    return int(await tx.value(f"SELECT count(*){_LOGINS}", about_id=about_id))
