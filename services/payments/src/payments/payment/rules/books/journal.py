"""Where the money of a payment is: double entry, written once, never changed (M7).

- ``receivable``: what the provider (or the bank) owes the shop.
- ``sales``: what orders earned.
- ``suspense``: money that belongs to no order (short, excess, late; M6).
- ``refunds``: what was refunded of sales.
- ``losses``: what was refunded, or taken back, beyond the money that was here, until money covers it.
"""

from dataclasses import dataclass
from typing import Literal

JournalAccount = Literal["receivable", "sales", "suspense", "refunds", "losses"]
JournalReason = Literal[
    "sale",
    "suspended",
    "allocated",
    "set_aside",
    "refund",
    "suspense_returned",
    "refund_undone",
    "suspense_return_undone",
    "sale_reversed",
    "suspense_reversed",
    "over_refunded",
    "reversed_after_refund",
    "charged_back_after_refund",
    "loss_undone",
    "loss_is_refund",
    "loss_is_suspense_returned",
    "loss_is_sale_reversed",
    "loss_is_suspense_reversed",
]


@dataclass(frozen=True)
class JournalEntry:
    """One movement of ``amount`` yen from the account ``credit`` to the account ``debit``.

    ``subject`` is the receipt, refund or chargeback. The same reason and subject are booked once.
    """

    reason: JournalReason
    subject: str
    amount: int
    debit: JournalAccount
    credit: JournalAccount


def sale(receipt_id: str, amount: int) -> JournalEntry:
    """Return the entry of money that pays the order."""
    return JournalEntry("sale", receipt_id, amount, debit="receivable", credit="sales")


def suspended(receipt_id: str, amount: int) -> JournalEntry:
    """Return the entry of money that came in and belongs to no order."""
    return JournalEntry("suspended", receipt_id, amount, debit="receivable", credit="suspense")


def allocated(receipt_id: str, amount: int) -> JournalEntry:
    """Return the entry of suspense that pays the order, after the missing rest came."""
    return JournalEntry("allocated", receipt_id, amount, debit="suspense", credit="sales")


def refund(refund_ref: str, amount: int) -> JournalEntry:
    """Return the entry of refunded money of the order."""
    return JournalEntry("refund", refund_ref, amount, debit="refunds", credit="receivable")


def suspense_returned(refund_ref: str, amount: int) -> JournalEntry:
    """Return the entry of refunded suspense."""
    return JournalEntry("suspense_returned", refund_ref, amount, debit="suspense", credit="receivable")


def sale_taken_back(receipt_id: str, amount: int) -> JournalEntry:
    """Return the entry of money of the order whose receipt was taken back."""
    return JournalEntry("sale_reversed", receipt_id, amount, debit="sales", credit="receivable")


def suspense_taken_back(receipt_id: str, amount: int) -> JournalEntry:
    """Return the entry of suspense whose receipt was taken back."""
    return JournalEntry("suspense_reversed", receipt_id, amount, debit="suspense", credit="receivable")


def moved_to_suspense(receipt_id: str, amount: int) -> JournalEntry:
    """Return the entry of money of the order that goes to suspense, because the receipt of the rest was taken back."""
    return JournalEntry("set_aside", receipt_id, amount, debit="sales", credit="suspense")


def refund_taken_back(refund_ref: str, amount: int) -> JournalEntry:
    """Return the entry that takes back a booked refund of the order's money."""
    return JournalEntry("refund_undone", refund_ref, amount, debit="receivable", credit="refunds")


def suspense_return_taken_back(refund_ref: str, amount: int) -> JournalEntry:
    """Return the entry that takes back a booked refund of suspense."""
    return JournalEntry("suspense_return_undone", refund_ref, amount, debit="receivable", credit="suspense")


def lost(kind: Literal["refund", "receipt", "chargeback"], subject: str, amount: int) -> JournalEntry:
    """Return the entry of money that was refunded, or taken back, beyond the money that was here."""
    reasons: dict[str, JournalReason] = {
        "refund": "over_refunded",
        "receipt": "reversed_after_refund",
        "chargeback": "charged_back_after_refund",
    }
    return JournalEntry(reasons[kind], subject, amount, debit="losses", credit="receivable")


def loss_taken_back(subject: str, amount: int) -> JournalEntry:
    """Return the entry that takes back a booked loss."""
    return JournalEntry("loss_undone", subject, amount, debit="receivable", credit="losses")


def covered(entry: JournalEntry, receipt_id: str) -> JournalEntry:
    """Return ``entry`` for money that went out before it came: a receipt moves it out of the losses."""
    reasons: dict[JournalReason, JournalReason] = {
        "refund": "loss_is_refund",
        "suspense_returned": "loss_is_suspense_returned",
        "sale_reversed": "loss_is_sale_reversed",
        "suspense_reversed": "loss_is_suspense_reversed",
    }
    subject = f"{entry.subject} {receipt_id}"
    return JournalEntry(reasons[entry.reason], subject, entry.amount, debit=entry.debit, credit="losses")
