"""Queries of payments: from rows to the payments of the rules, and back."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import MISSING, Field, fields
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

import structlog
from pydantic import TypeAdapter
from pydantic_core import to_jsonable_python
from sqlalchemy import Select

from payments.payment.new_requests import REQUEST_WORK, decline_requests, insert_requests
from payments.payment.records import lines_of, receipts_of, step_of
from payments.payment.rules.details import Disowned
from payments.payment.rules.drafting import NewRequest, PaymentStep, Settled
from payments.payment.rules.next_look import MethodFacts, next_look_at
from payments.payment.rules.payment import Payment
from payments.payment.snapshots import insert_snapshots, order_of
from payments.payment.stored_names import as_named, as_stored
from payments.payment.tables import (
    journal_lines,
    order_words,
    payment_history,
    payments,
    receipts,
)
from shared.database.bulk import insert_all, update_all
from shared.database.search_words import add_words
from shared.database.sql import Row
from shared.database.transactions import Database, Tx
from shared.errors import Refused
from shared.text.search_words import words_of_code, words_of_names

log = structlog.get_logger()

_PAYMENT = TypeAdapter(Payment)


def _default_of(one: Field[Any]) -> Any:
    """Return the default of a field, or MISSING if it has none."""
    return one.default if one.default_factory is MISSING else one.default_factory()


_COLUMNS = (
    "payment_id",
    "order_code",
    "try_number",
    "method",
    "state",
    "version",
    "amount",
    "captured_amount",
    "suspense_amount",
    "refunded_amount",
    "capture_policy",
    "order_cancelled",
    "revision",
    "refs",
    "placed_at",
)
# Every row has the fields for which :func:`_implied` has values, also at their defaults.
_IMPLIED = ("suspense_returned_amount", "refund_requested_amount")
# The fields without a column, each with its default. Most of a payment's many fields keep it. Pydantic's own way of
# leaving them out takes three times as long.
_DETAILS = {
    one.name: MISSING if one.name in _IMPLIED else _default_of(one)
    for one in fields(Payment)
    if one.name not in (*_COLUMNS, "calls", "order")
}
_WITH_ORDER = """
    SELECT p.*, s.snapshot FROM payments p LEFT JOIN order_snapshots s USING (order_code)
    WHERE payment_id = ANY(:ids) ORDER BY payment_id
"""
_BY_ID = "SELECT * FROM payments WHERE payment_id = ANY(:ids) ORDER BY payment_id"
_BY_ORDER = "SELECT * FROM payments WHERE order_code = ANY(:codes) ORDER BY payment_id"


def _payment_of(row: Row) -> Payment:
    """Return the payment of a row of ``payments``."""
    return _PAYMENT.validate_python(
        {
            **_implied(row),
            **as_named(_with_disowned(row.details)),
            **{name: row[name] for name in _COLUMNS},
            "calls": row.attention.split(),
        }
    )


def _implied(row: Row) -> dict[str, object]:
    """Return the values that an old row does not have.

    Before these fields existed, a refund took suspense first, and a refund in progress was of all money that was
    here.
    """
    held = row.captured_amount + row.suspense_amount - row.refunded_amount
    return {
        "suspense_returned_amount": min(row.suspense_amount, row.refunded_amount),
        "refund_requested_amount": held if row.state == "refunding" else 0,
    }


def _with_disowned(details: Mapping[str, Any]) -> dict[str, Any]:
    """Return the details of a row, with disowned objects as they are kept now.

    Old rows have a list of their ids, and beside it the receipts with the order that each was moved to.
    """
    objects, moved = details.get("disowned", {}), details.get("let_go", {})
    if not moved and not isinstance(objects, list):
        return dict(details)
    refunds = details.get("refund_amounts", {})
    kept = {ref: Disowned("refund" if ref in refunds else "receipt") for ref in objects}
    return {
        **details,
        "disowned": kept | {ref: Disowned("receipt", booked_on=to) for ref, to in moved.items()},
    }


async def read_payments(tx: Tx, payment_ids: Iterable[UUID]) -> dict[UUID, Payment]:
    """Return payments by id with their orders, without a lock. A payment that cannot be read is logged and left out."""
    found = {}
    for row in await tx.rows(_WITH_ORDER, ids=list(payment_ids)):
        try:
            found[row.payment_id] = _payment_of(row).changed(order=order_of(row.snapshot))
        except (ValueError, TypeError) as error:
            # The error may contain personal data.
            log.error("payment.unreadable", payment_id=str(row.payment_id), error=type(error).__name__)
    return found


async def lock_payments(tx: Tx, payment_ids: Iterable[UUID]) -> dict[UUID, Payment]:
    """Lock payments until the commit, and return them by id.

    The order of the locks is always the same. So two transactions with common payments never wait for each other.
    """
    rows = await tx.rows(f"{_BY_ID} FOR UPDATE", ids=list(payment_ids))
    return {row.payment_id: _payment_of(row) for row in rows}


async def lock_order_payments(tx: Tx, order_codes: Iterable[str]) -> dict[str, Payment]:
    """Lock the latest try of each order. Return it by order code, without unknown orders."""
    locked: dict[str, Payment] = {}
    for row in await tx.rows(f"{_BY_ORDER} FOR UPDATE", codes=list(order_codes)):
        payment = _payment_of(row)
        before = locked.get(payment.order_code)
        if before is None or before.try_number < payment.try_number:
            locked[payment.order_code] = payment
    return locked


async def lock_order_payment(tx: Tx, order_code: str) -> Payment | None:
    """Lock the latest try of an order. Return it, or None if the order is not known here yet."""
    return (await lock_order_payments(tx, [order_code])).get(order_code)


async def find_order_payment(tx: Tx, order_code: str) -> Payment | None:
    """Return the latest try of an order, or None if the order is not known here yet."""
    row = await tx.row(
        "SELECT * FROM payments WHERE order_code = :code ORDER BY try_number DESC LIMIT 1", code=order_code
    )
    return _payment_of(row) if row is not None else None


async def read_order_payment(tx: Tx, order_code: str) -> Payment:
    """Return the latest try of an order for a page. Raises Refused if the order is not known here yet."""
    payment = await find_order_payment(tx, order_code)
    if payment is None:
        raise unknown_order()
    return payment


def unknown_order() -> Refused:
    """Return the refusal for an order without a payment."""
    return Refused("payment_not_found", "この注文の決済はありません。", status=404)


async def payments_found(tx: Tx, found: Select[tuple[object, ...]]) -> list[Payment]:
    """Return the payments that the desk's condition on the table of payments finds."""
    return [_payment_of(row) for row in await tx.rows(found)]


async def stream_payments(db: Database, found: Select[tuple[object, ...]]) -> AsyncIterator[Payment]:
    """Yield the payments one by one, in bounded memory."""
    async for row in db.stream(found):
        yield _payment_of(row)


async def insert_payments(tx: Tx, settled: Sequence[Settled], at: datetime) -> list[Settled]:
    """Store new payments with their first requests and return them. A known order is left unchanged."""
    rows = [{**_values(one.payment), "changed_at": at} for one in settled]
    stored = await insert_all(tx, payments, rows, skip_known=True, returning="payment_id")
    fresh = {row.payment_id for row in stored}
    new = [one for one in settled if one.payment.payment_id in fresh]
    first = [step_of(one.payment, PaymentStep(1, one.payment.state, "order placed"), at) for one in new]
    await insert_all(tx, payment_history, first)
    await insert_snapshots(tx, [one.payment for one in new], at)
    await add_words(tx, order_words, {one.payment.order_code: _words(one.payment) for one in new})
    await _insert_requests(tx, new, at)
    return new


async def save_all(
    tx: Tx,
    settled: Sequence[Settled],
    methods: Mapping[str, MethodFacts],
    at: datetime,
    *,
    look_at: Mapping[UUID, datetime | None] = MappingProxyType({}),
) -> None:
    """Store payments that this transaction locked, each once, with everything that follows from them except events.

    ``look_at`` has the time of the next look-up for single payments; :func:`next_look_at` decides it for the others.
    """
    rows = []
    for one in settled:
        payment = one.payment
        usual = next_look_at(payment, methods[payment.method], at)
        due_at = look_at.get(payment.payment_id, usual)
        rows.append({**_values(payment), "due_at": due_at, "changed_at": at})
    await update_all(tx, payments, rows, key="payment_id")
    steps = [step_of(one.payment, step, at) for one in settled for step in one.steps]
    await insert_all(tx, payment_history, steps)
    booked = [(one.payment, entry) for one in settled for entry in one.entries]
    await insert_all(tx, journal_lines, [line for about in booked for line in lines_of(*about, at)])
    await insert_all(tx, receipts, receipts_of(booked, at))
    await _insert_requests(tx, settled, at)


async def _insert_requests(tx: Tx, settled: Sequence[Settled], at: datetime) -> None:
    awaited: list[tuple[UUID, NewRequest]] = []
    beside: list[tuple[UUID, NewRequest]] = []
    for one in settled:
        if one.denied:
            await decline_requests(tx, one.payment.payment_id, one.denied, at)
        for request in one.requests:
            waits = request.operation != "void" or one.payment.state == "voiding"
            (awaited if waits else beside).append((one.payment.payment_id, request))
    await insert_requests(tx, awaited, at, awaited=True)
    await insert_requests(tx, beside, at, awaited=False)
    if awaited or beside:
        tx.wake(REQUEST_WORK)


def _words(payment: Payment) -> set[str]:
    """Return the search words of a new payment. Its row has the provider's numbers."""
    number = payment.order_number
    short = {str(number)} if number is not None else set()
    return words_of_code(payment.order_code) | words_of_names(payment.payer_name) | short


def _values(payment: Payment) -> dict[str, object]:
    """Return the row of ``payment``. A field at its default is left out: the meaning of a default never changes."""
    known = vars(payment)
    details = {name: known[name] for name, default in _DETAILS.items() if known[name] != default}
    return {
        **{name: known[name] for name in _COLUMNS},
        "attention": " ".join(payment.calls),
        "refs": dict(payment.refs),
        "provider_ids": sorted(set(payment.refs.values())),
        "details": as_stored(to_jsonable_python(details)),
    }
