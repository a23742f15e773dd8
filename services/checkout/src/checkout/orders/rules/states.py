"""The states of an order and their transitions, as one table. A transition that is not in NEXT is impossible.

An order has a state on four axes. Checkout decides status, deposit and shipping; payments reports the payment. A
cancelled order moves no more. Money that still arrives for it is noted, and payments refunds it.
"""

from typing import Literal

Axis = Literal["status", "deposit", "shipping", "payment"]
Status = Literal["in_progress", "processed", "cancelled"]
Deposit = Literal["unpaid", "paid"]
Shipping = Literal["unshipped", "shipped"]
CancelReason = Literal["staff", "unpaid", "payment_failed"]
StaffReason = Literal["buyer", "shop", "return"]
"""Who wanted the cancellation by staff."""
PaymentState = Literal[
    "awaited",
    "authorized",
    "lapsed",
    "number_issued",
    "captured",
    "short",
    "failed",
    "expired",
    "voided",
    "refunded_in_part",
    "refunded",
]
Move = Literal[
    "process",
    "cancel",
    "deposit",
    "undeposit",
    "ship_part",
    "ship",
    "track",
    "authorize",
    "lapse",
    "issue_number",
    "capture",
    "fail",
    "expire",
    "void",
    "take_back",
    "refund_part",
    "refund",
    "undo_refund",
    "undo_refund_part",
    "call",
]

NEXT: dict[Axis, dict[str, dict[Move, str]]] = {
    "status": {
        "in_progress": {"process": "processed", "cancel": "cancelled"},
        "processed": {"cancel": "cancelled"},
        "cancelled": {},
    },
    "deposit": {"unpaid": {"deposit": "paid"}, "paid": {"undeposit": "unpaid"}},
    "shipping": {
        "unshipped": {"ship_part": "unshipped", "ship": "shipped", "track": "unshipped"},
        "shipped": {"track": "shipped"},
    },
    # "call": what staff must know of the money changed, whatever its state.
    "payment": {
        "awaited": {
            "authorize": "authorized",
            "issue_number": "number_issued",
            "capture": "captured",
            "fail": "failed",
            "expire": "expired",
            "void": "voided",
            "refund_part": "refunded_in_part",
            "refund": "refunded",
            "call": "awaited",
        },
        "authorized": {
            "lapse": "lapsed",
            "capture": "captured",
            "void": "voided",
            "refund_part": "refunded_in_part",
            "refund": "refunded",
            "call": "authorized",
        },
        "lapsed": {
            "authorize": "authorized",
            "capture": "captured",
            "void": "voided",
            "refund_part": "lapsed",
            "refund": "refunded",
            "call": "lapsed",
        },
        "number_issued": {
            "capture": "captured",
            "expire": "expired",
            "fail": "failed",
            "void": "voided",
            "refund_part": "refunded_in_part",
            "refund": "refunded",
            "call": "number_issued",
        },
        "captured": {
            "take_back": "short",
            "refund_part": "refunded_in_part",
            "refund": "refunded",
            "call": "captured",
        },
        # A till or bank took money back; the rest may still be refunded.
        "short": {
            "authorize": "authorized",
            "lapse": "lapsed",
            "capture": "captured",
            "expire": "expired",
            "void": "voided",
            "refund_part": "short",
            "refund": "refunded",
            "call": "short",
        },
        "failed": {"capture": "captured", "call": "failed"},
        "expired": {"capture": "captured", "call": "expired"},
        "voided": {
            "authorize": "authorized",
            "lapse": "lapsed",
            "capture": "captured",
            "call": "voided",
        },
        "refunded_in_part": {
            "take_back": "short",
            "refund_part": "refunded_in_part",
            "refund": "refunded",
            "undo_refund": "captured",
            "undo_refund_part": "refunded_in_part",
            "call": "refunded_in_part",
        },
        "refunded": {
            "refund": "refunded",
            "undo_refund": "captured",
            "undo_refund_part": "refunded_in_part",
            "call": "refunded",
        },
    },
}
AXIS_OF: dict[Move, Axis] = {
    move: axis for axis, states in NEXT.items() for moves in states.values() for move in moves
}

_REFUNDS: tuple[Move, ...] = ("refund_part", "refund")
_UNPAID: tuple[str, ...] = ("awaited", "authorized", "number_issued")
# Events consumed before the event that they follow: they are retried later. Not for a cancelled order: payments
# refunds money that came after the cancellation and reports no capture (F32). Other moves without an edge are outdated.
BEFORE_ITS_TIME: frozenset[tuple[str, Move]] = frozenset(
    [("awaited", "lapse"), *((state, move) for state in _UNPAID for move in _REFUNDS)]
)

# Deposits that staff may set (PAY-06, PAY-13).
DEPOSIT_BY_STAFF: frozenset[str] = frozenset({"capture", "by_hand"})
# Payments' word for money that a bank took back for good.
LOST_CHARGEBACK = "chargeback_lost"
# Our own word: the mail that tells the buyer how to pay did not arrive.
PAYMENT_MAIL_UNDELIVERED = "payment_mail_undelivered"
