"""Payments between the table and the domain."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import Row, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from payments.domain.drafting import Settled
from payments.domain.journal import Entry
from payments.domain.payment import Payment
from payments.method import Method
from payments.storage.requests import REQUEST_WORK, insert_requests
from payments.storage.tables import journal_lines, payment_history, payments, receipts
from shared.clock import now
from shared.database import Tx

WATCH_WORK = "payments due"

_PAYMENT = TypeAdapter(Payment)
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
    "attention",
    "refs",
    "placed_at",
)


def payment_of(row: Row[Any]) -> Payment:
    """Return the payment that a row of ``payments`` holds."""
    return _PAYMENT.validate_python({**row.details, **{name: getattr(row, name) for name in _COLUMNS}})


async def find_payment(tx: Tx, payment_id: UUID) -> Payment:
    """Read a payment without locking it. Raises LookupError."""
    row = await tx.row(select(payments).where(payments.c.payment_id == payment_id))
    if row is None:
        raise LookupError(f"no payment {payment_id}")
    return payment_of(row)


async def lock_payment(tx: Tx, payment_id: UUID) -> Payment:
    """Read a payment and keep others from changing it until the commit. Raises LookupError."""
    query = select(payments).where(payments.c.payment_id == payment_id).with_for_update()
    row = await tx.row(query)
    if row is None:
        raise LookupError(f"no payment {payment_id}")
    return payment_of(row)


async def find_order_payment(tx: Tx, order_code: str, *, lock: bool = False) -> Payment | None:
    """Return the latest try of an order, or None if the order is not known here yet."""
    query = (
        select(payments)
        .where(payments.c.order_code == order_code)
        .order_by(payments.c.try_number.desc())
        .limit(1)
    )
    row = await tx.row(query.with_for_update() if lock else query)
    return payment_of(row) if row is not None else None


async def find_by_reference(tx: Tx, method: str, reference: str) -> Payment | None:
    """Return the payment that has ``reference`` among the provider's ids, or as its own id."""
    known = payments.c.provider_ids.contains([reference])
    with suppress(ValueError):
        known = or_(known, payments.c.payment_id == UUID(reference))
    row = await tx.row(select(payments).where(payments.c.method == method, known).limit(1))
    return payment_of(row) if row is not None else None


async def insert_payments(tx: Tx, settled: Sequence[Settled], at: datetime) -> None:
    """Store new payments with their first requests; an order that is already known is left alone."""
    if not settled:
        return
    rows = [_values(one.payment) for one in settled]
    stored = await tx.rows(
        insert(payments).values(rows).on_conflict_do_nothing().returning(payments.c.payment_id)
    )
    fresh = {row.payment_id for row in stored}
    new = [one for one in settled if one.payment.payment_id in fresh]
    if not new:
        return
    first = [_step(one.payment, 1, one.payment.state, "order placed", at) for one in new]
    await tx.execute(insert(payment_history).values(first))
    await insert_requests(tx, [(one.payment.payment_id, ask) for one in new for ask in one.asks], at)
    tx.wake(REQUEST_WORK)


async def save(tx: Tx, settled: Settled, method: Method, at: datetime) -> None:
    """Store a payment that was locked in this transaction, and everything that follows from it but events."""
    payment = settled.payment
    values = _values(payment)
    values["due_at"] = next_look_at(payment, method, at)
    await tx.execute(
        update(payments)
        .where(payments.c.payment_id == payment.payment_id)
        .values(**values, changed_at=func.now())
    )
    if settled.steps:
        steps = [_step(payment, step.version, step.state, step.because, at) for step in settled.steps]
        await tx.execute(insert(payment_history).values(steps))
    if settled.entries:
        await _book(tx, payment, settled.entries, at)
    if settled.asks:
        await insert_requests(tx, [(payment.payment_id, ask) for ask in settled.asks], at)
        tx.wake(REQUEST_WORK)


async def look_soon(tx: Tx, payment_id: UUID) -> None:
    """Let the workers look at a payment and at its open requests now."""
    for table, work in (("payments", WATCH_WORK), ("payment_requests", REQUEST_WORK)):
        await tx.execute(
            f"UPDATE {table} SET due_at = :at"  # noqa: S608 - names are ours
            " WHERE payment_id = :payment_id AND due_at > :at",
            payment_id=payment_id,
            at=now(),
        )
        tx.wake(work)


def next_look_at(payment: Payment, method: Method, at: datetime) -> datetime | None:
    """Return when to look at a payment unasked: at its deadline, or when it is time to poll the provider."""
    pause = method.poll_seconds.get(payment.state)
    looks = [at + timedelta(seconds=pause)] if pause is not None else []
    if payment.state == "waiting" and payment.number is not None:
        looks.append(payment.number.due_at + method.terms.grace)
    return min(looks, default=None)


async def _book(tx: Tx, payment: Payment, entries: Iterable[Entry], at: datetime) -> None:
    lines = []
    came_in: dict[str, int] = defaultdict(int)
    for entry in entries:
        about = {
            "payment_id": payment.payment_id,
            "reason": entry.reason,
            "subject": entry.subject,
            "at": at,
        }
        lines.append({**about, "account": entry.debit, "debit": entry.amount, "credit": 0})
        lines.append({**about, "account": entry.credit, "debit": 0, "credit": entry.amount})
        if entry.debit == "receivable":
            came_in[entry.subject] += entry.amount
    await tx.execute(insert(journal_lines).values(lines))
    rows = [
        {
            "method": payment.method,
            "receipt_id": receipt_id,
            "payment_id": payment.payment_id,
            "amount": amount,
            "at": at,
        }
        for receipt_id, amount in came_in.items()
    ]
    if rows:
        await tx.execute(insert(receipts).values(rows))


def _values(payment: Payment) -> dict[str, Any]:
    everything: Mapping[str, Any] = _PAYMENT.dump_python(payment, mode="json")
    columns = {name: getattr(payment, name) for name in _COLUMNS}
    details = {name: value for name, value in everything.items() if name not in _COLUMNS}
    return {
        **columns,
        "refs": dict(payment.refs),
        "provider_ids": sorted(set(payment.refs.values())),
        "details": details,
    }


def _step(payment: Payment, version: int, state: str, because: str, at: datetime) -> dict[str, Any]:
    return {
        "payment_id": payment.payment_id,
        "version": version,
        "state": state,
        "because": because,
        "at": at,
    }
