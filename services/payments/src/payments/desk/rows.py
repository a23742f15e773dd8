"""The queries of the payment desk. They never lock a row."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypedDict, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal, select

from payments.notices.rows import FOR_STAFF
from payments.notices.tables import notices
from payments.payment.records import HistoryStep, JournalLine, Receipt, find_order_of_receipt
from payments.payment.rows import find_order_payment, payments_found, stream_payments
from payments.payment.rules.moves import Operation
from payments.payment.rules.payment import Payment
from payments.payment.rules.reports.objects import stands_here
from payments.payment.tables import order_words, payments
from payments.requests.stored_answers import StoredAnswer
from shared.database.planning import LONG, SEARCH
from shared.database.search_words import found_by
from shared.database.sql import columns_of
from shared.database.transactions import Database, Tx
from shared.text.search_words import sought

R = TypeVar("R")
Tab = Literal["all", "attention", "waiting", "authorized", "captured", "over"]
_STATES: dict[str, tuple[str, ...]] = {
    "waiting": ("placed", "requested", "waiting_for_buyer", "pending", "unknown", "waiting"),
    "authorized": ("authorized", "capturing", "reauthorizing"),
    "captured": ("captured", "short"),
    "over": ("voiding", "voided", "refunding", "refunded", "owed", "declined", "expired", "unmanaged"),
}
TABS: tuple[tuple[Tab, str], ...] = (
    ("all", "すべて"),
    ("attention", "要確認"),
    ("waiting", "入金・審査待ち"),
    ("authorized", "承認済"),
    ("captured", "入金済み"),
    ("over", "取消・期限切れなど"),
)


class PaymentSearch(TypedDict):
    """The conditions of the list."""

    tab: str
    method: str
    state: str
    call: str
    text: str


def _conditions(tab: str, method: str, state: str, call: str, text: str) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if tab == "attention":
        found.append(payments.c.attention != "")
    elif tab in _STATES:
        found.append(payments.c.state.in_(_STATES[tab]))
    if call:
        words = func.string_to_array(payments.c.attention, " ")
        found += [payments.c.attention != "", literal(call) == func.any(words)]
    if method:
        found.append(payments.c.method == method)
    if state:
        found.append(payments.c.state == state)
    if text:
        # Two questions, each answered by an index. Joined by OR, no index would answer them.
        ids = select(payments.c.payment_id)
        by_words = ids.where(found_by(payments.c.order_code, order_words, text))
        by_number = ids.where(payments.c.provider_ids.overlap([text, sought(text)]))
        found.append(payments.c.payment_id.in_(by_words.union_all(by_number)))
    return found


async def list_payments(
    tx: Tx, *, tab: str, method: str, state: str, call: str, text: str, limit: int, offset: int
) -> tuple[list[Payment], int]:
    """Return one page of payments, newest first, and their total number."""
    where = _conditions(tab, method, state, call, text)
    await tx.plan(SEARCH if text else LONG)
    query = select(payments).where(*where).order_by(payments.c.placed_at.desc(), payments.c.payment_id)
    total = await tx.value(select(func.count()).select_from(payments).where(*where))
    return await payments_found(tx, query.limit(limit).offset(offset)), int(total or 0)


def every_payment(
    db: Database, *, tab: str, method: str, state: str, call: str, text: str
) -> AsyncIterator[Payment]:
    """Stream all payments found, newest first, in bounded memory."""
    found = select(payments).where(*_conditions(tab, method, state, call, text))
    return stream_payments(db, found.order_by(payments.c.placed_at.desc(), payments.c.payment_id))


async def count_tabs(tx: Tx) -> dict[str, int]:
    """Return the number of payments in each tab."""
    await tx.plan(LONG)
    rows = await tx.rows(
        select(
            payments.c.state,
            func.count().label("all"),
            func.count().filter(payments.c.attention != "").label("eye"),
        ).group_by(payments.c.state)
    )
    counts = {name: sum(row.all for row in rows if row.state in states) for name, states in _STATES.items()}
    return counts | {"all": sum(row.all for row in rows), "attention": sum(row.eye for row in rows)}


async def count_attention(tx: Tx) -> dict[str, int]:
    """Return the number of payments that wait for a person, for the page of operations."""
    waiting = select(func.count()).select_from(payments).where(payments.c.attention != "")
    return {"attention": int(await tx.value(waiting) or 0)}


async def count_calls(tx: Tx) -> dict[str, int]:
    """Return for each call the number of payments that have it. ``notices`` is the number of notices."""
    rows = await tx.rows(
        "SELECT word, count(*) AS all FROM payments, unnest(string_to_array(attention, ' ')) AS word"
        " WHERE attention <> '' GROUP BY word"
    )
    counts = {row.word: int(row.all) for row in rows}
    unread = await tx.value(select(func.count()).select_from(notices).where(notices.c.state.in_(FOR_STAFF)))
    return counts | ({"notices": int(unread)} if unread else {})


async def find_orders_of_receipts(tx: Tx, payment: Payment) -> dict[str, str]:
    """Return the order that has each receipt in its books now, for receipts that may belong to other orders; "" for none.

    The keys are the provider's ids. What was stored at a decision may be different by now.
    """
    disowned = [ref for ref, one in payment.disowned.items() if one.kind == "receipt"]
    found: dict[str, str] = {}
    for ref in (*payment.booked_elsewhere, *disowned):
        code = await find_order_of_receipt(tx, payment.method, ref)
        other = await find_order_payment(tx, code) if code else None
        found[ref] = code if other is not None and stands_here(other, ref) else ""
    return found


@dataclass(frozen=True, slots=True)
class RequestOnRecord:
    """A request to a provider, in yen, with its state and answer."""

    request_id: UUID
    operation: Operation
    amount: int
    state: str
    answer: StoredAnswer | None
    written_at: datetime
    answered_at: datetime | None
    attempts: int


@dataclass(frozen=True, slots=True)
class NoticeOnRecord:
    """A notice about a payment, as its provider sent it."""

    notice_id: str
    summary: str
    state: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that is stored about a payment: newest first, but receipts and journal in the order of booking."""

    history: Sequence[HistoryStep]
    requests: Sequence[RequestOnRecord]
    notices: Sequence[NoticeOnRecord]
    receipts: Sequence[Receipt]
    journal: Sequence[JournalLine]

    @property
    def refund_is_open(self) -> bool:
        """Return whether the request for a refund has no answer yet. The next one is possible after its answer."""
        refunds = (one for one in self.requests if one.operation == "refund")
        return any(one.state in ("pending", "open", "unknown") for one in refunds)


async def payment_story(tx: Tx, payment_id: UUID) -> Story:
    """Return everything that is stored about a payment."""

    async def read(kind: type[R], table: str, order: str) -> list[R]:
        return await tx.read(
            kind,
            f"SELECT {columns_of(kind)} FROM {table} WHERE payment_id = :payment_id ORDER BY {order}",  # noqa: S608
            payment_id=payment_id,
        )

    return Story(
        history=await read(HistoryStep, "payment_history", "version DESC"),
        requests=await read(RequestOnRecord, "payment_requests", "written_at DESC"),
        notices=await read(NoticeOnRecord, "notices", "received_at DESC"),
        receipts=await read(Receipt, "receipts", "at, receipt_id"),
        journal=await read(JournalLine, "journal_lines", "line_id"),
    )
