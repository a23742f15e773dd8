"""What is stored with a payment and only added to: history, journal, receipts."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from payments.payment.rules.drafting import PaymentStep
from payments.payment.rules.journal import JournalEntry
from payments.payment.rules.moves import State
from payments.payment.rules.payment import Payment


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
