"""What the payment desk reads. It never locks anything."""

from collections.abc import AsyncIterator, Sequence
from typing import Literal, TypedDict
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal, select

from payments.notices.rows import FOR_STAFF
from payments.notices.tables import notices
from payments.payment.tables import (
    journal_lines,
    order_words,
    payment_history,
    payment_requests,
    payments,
    receipts,
)
from shared.database import Database, Tx
from shared.sql import Row
from shared.words import found_by, plan_for_words, sought

View = Literal["all", "attention", "waiting", "authorized", "captured", "over"]
_STATES: dict[str, tuple[str, ...]] = {
    "waiting": ("placed", "requested", "waiting_for_buyer", "pending", "unknown", "waiting"),
    "authorized": ("authorized", "capturing", "reauthorizing"),
    "captured": ("captured", "short"),
    "over": ("voiding", "voided", "refunding", "refunded", "owed", "declined", "expired", "unmanaged"),
}
VIEWS: tuple[tuple[View, str], ...] = (
    ("all", "すべて"),
    ("attention", "要確認"),
    ("waiting", "入金・審査待ち"),
    ("authorized", "承認済"),
    ("captured", "入金済み"),
    ("over", "取消・期限切れなど"),
)


class Asked(TypedDict):
    """What narrows the list."""

    view: str
    method: str
    state: str
    call: str
    text: str


def _conditions(view: str, method: str, state: str, call: str, text: str) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if view == "attention":
        found.append(payments.c.attention != "")
    elif view in _STATES:
        found.append(payments.c.state.in_(_STATES[view]))
    if call:
        words = func.string_to_array(payments.c.attention, " ")
        found += [payments.c.attention != "", literal(call) == func.any(words)]
    if method:
        found.append(payments.c.method == method)
    if state:
        found.append(payments.c.state == state)
    if text:
        # Two questions that an index answers each; joined by OR, none would.
        ids = select(payments.c.payment_id)
        by_words = ids.where(found_by(payments.c.order_code, order_words, text))
        by_number = ids.where(payments.c.provider_ids.overlap([text, sought(text)]))
        found.append(payments.c.payment_id.in_(by_words.union_all(by_number)))
    return found


async def list_payments(
    tx: Tx, *, view: str, method: str, state: str, call: str, text: str, limit: int, offset: int
) -> tuple[Sequence[Row], int]:
    """Return one page of payments, newest first, and how many there are in all."""
    where = _conditions(view, method, state, call, text)
    if text:
        await plan_for_words(tx)
    query = select(payments).where(*where).order_by(payments.c.placed_at.desc(), payments.c.payment_id)
    total = await tx.value(select(func.count()).select_from(payments).where(*where))
    return await tx.rows(query.limit(limit).offset(offset)), int(total or 0)


def every_payment(
    db: Database, *, view: str, method: str, state: str, call: str, text: str
) -> AsyncIterator[Row]:
    """Stream all payments found, newest first, in bounded memory."""
    found = select(payments).where(*_conditions(view, method, state, call, text))
    return db.stream(found.order_by(payments.c.placed_at.desc(), payments.c.payment_id))


async def count_views(tx: Tx) -> dict[str, int]:
    """Return the number of payments in each saved view."""
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
    """Return how many payments wait for a person, for the page of operations."""
    waiting = select(func.count()).select_from(payments).where(payments.c.attention != "")
    return {"attention": int(await tx.value(waiting) or 0)}


async def count_calls(tx: Tx) -> dict[str, int]:
    """Return for each word that calls for a person on how many payments it stands, and of notices as ``notices``."""
    rows = await tx.rows(
        "SELECT word, count(*) AS all FROM payments, unnest(string_to_array(attention, ' ')) AS word"
        " WHERE attention <> '' GROUP BY word"
    )
    counts = {row.word: int(row.all) for row in rows}
    unread = await tx.value(select(func.count()).select_from(notices).where(notices.c.state.in_(FOR_STAFF)))
    return counts | ({"notices": int(unread)} if unread else {})


async def payment_story(tx: Tx, payment_id: UUID) -> dict[str, Sequence[Row]]:
    """Return everything that is on record about a payment, newest first."""
    history = select(payment_history).where(payment_history.c.payment_id == payment_id)
    asked = select(payment_requests).where(payment_requests.c.payment_id == payment_id)
    heard = select(notices).where(notices.c.payment_id == payment_id)
    came = select(receipts).where(receipts.c.payment_id == payment_id)
    booked = select(journal_lines).where(journal_lines.c.payment_id == payment_id)
    return {
        "history": await tx.rows(history.order_by(payment_history.c.version.desc())),
        "requests": await tx.rows(asked.order_by(payment_requests.c.written_at.desc())),
        "notices": await tx.rows(heard.order_by(notices.c.received_at.desc())),
        "receipts": await tx.rows(came.order_by(receipts.c.at, receipts.c.receipt_id)),
        "journal": await tx.rows(booked.order_by(journal_lines.c.line_id)),
    }
