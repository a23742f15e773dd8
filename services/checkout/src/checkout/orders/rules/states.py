"""The states of an order and their transitions, as one table. A transition that is not in NEXT is impossible.

An order has a state on four axes. Checkout decides status, deposit and shipping; payments reports the payment. A
cancelled order moves no more. Money that still arrives for it is noted, and payments refunds it.
"""

from typing import Final, Literal

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
# Moves that take something back. Their values are stored in order_history since 0.1.0 and therefore stay.
TAKE_BACK_DEPOSIT: Final = "undeposit"
TAKE_BACK_REFUND: Final = "undo_refund"
TAKE_BACK_PART_OF_REFUND: Final = "undo_refund_part"

NEXT: dict[Axis, dict[str, dict[Move, str]]] = {
    "status": {
        "in_progress": {"process": "processed", "cancel": "cancelled"},
        "processed": {"cancel": "cancelled"},
        "cancelled": {},
    },
    "deposit": {"unpaid": {"deposit": "paid"}, "paid": {TAKE_BACK_DEPOSIT: "unpaid"}},
    "shipping": {
        "unshipped": {"ship_part": "unshipped", "ship": "shipped", "track": "unshipped"},
        "shipped": {"track": "shipped"},
    },
    # "call": the reasons why staff must look at the money changed. This is possible in every state.
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
            TAKE_BACK_REFUND: "captured",
            TAKE_BACK_PART_OF_REFUND: "refunded_in_part",
            "call": "refunded_in_part",
        },
        "refunded": {
            "refund": "refunded",
            TAKE_BACK_REFUND: "captured",
            TAKE_BACK_PART_OF_REFUND: "refunded_in_part",
            "call": "refunded",
        },
    },
}
AXIS_OF: dict[Move, Axis] = {
    move: axis for axis, states in NEXT.items() for moves in states.values() for move in moves
}

_REFUNDS: tuple[Move, ...] = ("refund_part", "refund")
_UNPAID: tuple[str, ...] = ("awaited", "authorized", "number_issued")
# Events that are consumed before the event that they follow are retried later. This does not apply to a cancelled
# order: payments refunds money that came after the cancellation and reports no capture (F32). Other moves without an
# edge are outdated.
BEFORE_ITS_TIME: frozenset[tuple[str, Move]] = frozenset(
    [("awaited", "lapse"), *((state, move) for state in _UNPAID for move in _REFUNDS)]
)
# Events that are outdated for a cancelled order: its hold was released, so it cannot return or end again.
OUTDATED_ONCE_CANCELLED: frozenset[tuple[str, Move]] = frozenset(
    {("voided", "authorize"), ("voided", "lapse")}
)

# Deposits that staff may set (PAY-06, PAY-13).
DEPOSIT_BY_STAFF: frozenset[str] = frozenset({"capture", "by_hand"})
# The call of payments for money that a bank took back for good.
LOST_CHARGEBACK = "chargeback_lost"
# Checkout's own call: the mail with which the buyer can pay did not arrive.
PAYMENT_MAIL_UNDELIVERED = "payment_mail_undelivered"
