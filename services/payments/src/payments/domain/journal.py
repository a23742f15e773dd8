"""Where the money of a payment is: double entry, written once, never changed (M7).

Accounts: ``receivable`` is what the provider (or the bank) has for us, ``sales`` what orders earned,
``suspense`` money that belongs to no order (short, excess, late; M6), ``refunds`` what sales gave back.
"""

from dataclasses import dataclass
from typing import Literal

Account = Literal["receivable", "sales", "suspense", "refunds"]


@dataclass(frozen=True)
class Entry:
    """One movement of ``amount`` yen from the account ``credit`` to the account ``debit``.

    ``subject`` is what it is about (a receipt, a refund); reason and subject together are booked once.
    """

    reason: Literal[
        "sale", "suspended", "allocated", "refund", "suspense_returned", "sale_reversed", "suspense_reversed"
    ]
    subject: str
    amount: int
    debit: Account
    credit: Account


def sale(receipt_id: str, amount: int) -> Entry:
    """Money for the order."""
    return Entry("sale", receipt_id, amount, debit="receivable", credit="sales")


def suspended(receipt_id: str, amount: int) -> Entry:
    """Money that came in and belongs to no order."""
    return Entry("suspended", receipt_id, amount, debit="receivable", credit="suspense")


def allocated(receipt_id: str, amount: int) -> Entry:
    """Suspended money that the order turned out to be owed, once the missing rest was here."""
    return Entry("allocated", receipt_id, amount, debit="suspense", credit="sales")


def refund(refund_ref: str, amount: int) -> Entry:
    """Money of the order given back."""
    return Entry("refund", refund_ref, amount, debit="refunds", credit="receivable")


def suspense_returned(refund_ref: str, amount: int) -> Entry:
    """Suspended money given back."""
    return Entry("suspense_returned", refund_ref, amount, debit="suspense", credit="receivable")


def sale_reversed(receipt_id: str, amount: int) -> Entry:
    """Money of the order that a receipt promised and that never came."""
    return Entry("sale_reversed", receipt_id, amount, debit="sales", credit="receivable")


def suspense_reversed(receipt_id: str, amount: int) -> Entry:
    """Suspended money that a receipt promised and that never came."""
    return Entry("suspense_reversed", receipt_id, amount, debit="suspense", credit="receivable")
