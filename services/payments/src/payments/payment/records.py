"""What is stored with a payment and only added to: history, journal, receipts."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from asyncpg import UniqueViolationError

from payments.payment.rules.books.journal import JournalEntry, JournalReason
from payments.payment.rules.drafting import PaymentStep
from payments.payment.rules.moves import State
from payments.payment.rules.payment import Payment
from shared.database.transactions import Tx

# Key (method, receipt_id)=(konbini, kr_1) already exists.
_BOOKED_ALREADY = re.compile(r"Key \(method, receipt_id\)=\([^,]*, (?P<receipt_id>.*)\) already exists")


@dataclass(frozen=True, slots=True)
class HistoryStep:
    """A state of a payment, its reason, and the person at the shop who caused it ("" for the service itself)."""

    payment_id: UUID
    version: int
    state: State
    because: str
    by: str
    note: str
    at: datetime


def step_of(payment: Payment, step: PaymentStep, at: datetime) -> HistoryStep:
    """Return the row for a step of the history of ``payment``."""
    return HistoryStep(payment.payment_id, step.version, step.state, step.because, step.by, step.note, at)


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One side of a movement of money, in yen: a debit or a credit."""

    payment_id: UUID
    reason: str
    subject: str
    account: str
    debit: int
    credit: int
    at: datetime


def lines_of(payment: Payment, entry: JournalEntry, at: datetime) -> list[JournalLine]:
    """Return the two lines of a movement of money."""
    about = (payment.payment_id, entry.reason, entry.subject)
    return [
        JournalLine(*about, entry.debit, debit=entry.amount, credit=0, at=at),
        JournalLine(*about, entry.credit, debit=0, credit=entry.amount, at=at),
    ]


@dataclass(frozen=True, slots=True)
class Receipt:
    """The money that came in by one movement, in yen."""

    method: str
    receipt_id: str
    payment_id: UUID
    amount: int
    at: datetime


def receipts_of(booked: Iterable[tuple[Payment, JournalEntry]], at: datetime) -> list[Receipt]:
    """Return the money that came in by receipt. Parts of one receipt may be booked for different reasons."""
    came_in: dict[tuple[UUID, str, str], int] = defaultdict(int)
    for payment, entry in booked:
        if entry.reason in ("sale", "suspended"):
            came_in[payment.payment_id, payment.method, entry.subject] += entry.amount
    return [
        Receipt(method, receipt_id, payment_id, amount, at)
        for (payment_id, method, receipt_id), amount in came_in.items()
    ]


async def amount_of_receipt(tx: Tx, order_code: str, receipt_id: str) -> int:
    """Return how many yen came in by a receipt of an order's latest try; 0 if there is none."""
    found = await tx.value(
        "SELECT amount FROM receipts WHERE receipt_id = :receipt_id AND payment_id ="
        " (SELECT payment_id FROM payments WHERE order_code = :code ORDER BY try_number DESC LIMIT 1)",
        code=order_code,
        receipt_id=receipt_id,
    )
    return int(found or 0)


async def find_order_of_receipt(tx: Tx, method: str, receipt_id: str) -> str:
    """Return the code of the order on which a receipt was booked last, under any name; "" if there is none."""
    found = await tx.value(
        "SELECT order_code FROM receipts JOIN payments p USING (payment_id) WHERE receipts.method = :method"
        " AND (receipt_id = :receipt_id OR starts_with(receipt_id, :receipt_id || '>')) ORDER BY at DESC LIMIT 1",
        method=method,
        receipt_id=receipt_id,
    )
    return str(found or "")


def receipt_booked_already(error: Exception) -> str:
    """Return the provider's id of a receipt that is booked already, from PostgreSQL's error; "" for any other error."""
    if not isinstance(error, UniqueViolationError) or error.constraint_name != "receipts_pkey":
        return ""
    found = _BOOKED_ALREADY.match(error.detail or "")
    return found["receipt_id"] if found else ""


async def is_recorded(tx: Tx, record_id: str, reasons: Collection[JournalReason]) -> bool:
    """Return whether staff recorded anything for one of these ``reasons`` under this id, for any order.

    Until the commit nobody else can record anything under the id. A concurrent call waits and then sees the record.
    """
    await tx.execute("SELECT pg_advisory_xact_lock(1, hashtext(:record_id))", record_id=record_id)
    return bool(
        await tx.value(
            "SELECT EXISTS (SELECT 1 FROM journal_lines"
            " WHERE subject = :record_id AND subject LIKE 'desk:%' AND reason = ANY(:reasons))",
            record_id=record_id,
            reasons=list(reasons),
        )
    )


async def has_note(tx: Tx, payment: Payment, note: str) -> bool:
    """Return whether the history of a payment has a step with exactly this ``note``."""
    return bool(
        await tx.value(
            "SELECT EXISTS (SELECT 1 FROM payment_history WHERE payment_id = :payment_id AND note = :note)",
            payment_id=payment.payment_id,
            note=note,
        )
    )
