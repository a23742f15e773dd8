"""An order's life as one table: what may follow what. Whatever is not in NEXT does not happen.

An order stands on four axes at once. Status, deposit and shipping are ours; payment
is what payments last said. A cancelled order moves no more: money that still arrives for it is noted, and
payments gives it back.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from checkout.payment_menu.rules import PaymentDeposit, PaymentFlow
from shared.errors import Refused

Axis = Literal["status", "deposit", "shipping", "payment"]
Status = Literal["in_progress", "processed", "cancelled"]
Deposit = Literal["unpaid", "paid"]
Shipping = Literal["unshipped", "shipped"]
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
        # What came in was taken back, by the till or the bank; the rest of it may still go back.
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
# Heard before what it follows; it comes back later. Not for a cancelled order: money that came after the
# cancellation goes straight back, and no capture is ever told (F32). Else without an edge: old news.
BEFORE_ITS_TIME: frozenset[tuple[str, Move]] = frozenset(
    [("awaited", "lapse"), *((state, move) for state in _UNPAID for move in _REFUNDS)]
)

# Deposits that staff may set (PAY-06, PAY-13).
DEPOSIT_BY_STAFF: frozenset[str] = frozenset({"capture", "by_hand"})
# Payments' word for money that a bank took back for good.
LOST_CHARGEBACK = "chargeback_lost"
# Our own word: the mail that tells the buyer how to pay did not arrive.
PAYMENT_MAIL_UNDELIVERED = "payment_mail_undelivered"


@dataclass(frozen=True, slots=True)
class Parcel:
    """What goes to one delivery address (お届け先). Shipped once it has a ship date."""

    destination_id: UUID
    name: str
    ship_date: date | None = None
    carrier: str | None = None
    tracking_number: str | None = None

    @property
    def shipped(self) -> bool:
        return self.ship_date is not None


@dataclass(frozen=True, slots=True)
class Standing:
    """What payments last told of the money beside the straight way, in yen; ``money`` is all that is with us.

    Of what was ``refunded``, banks took back ``charged_back``; ``lost`` went out beyond what was here. ``elsewhere`` was
    refunded by others than us; None where payments did not say.

    ``money`` is None while nothing was told: then the payment's state says it.
    """

    revision: int = 0
    calls: tuple[str, ...] = ()
    captured: int = 0
    suspense: int = 0
    refunded: int = 0
    charged_back: int = 0
    elsewhere: int | None = None
    lost: int = 0
    respond_by: datetime | None = None
    money: int | None = None
    money_at: datetime | None = None
    may_reauthorize: bool = False
    reauthorization_requested_at: datetime | None = None


NOTHING_TOLD = Standing()


@dataclass(frozen=True, slots=True)
class Order:
    """What the rules need to know of an order. ``version`` counts its changes, from 1, without gaps.

    ``payment_flow``, ``payment_deposit`` and ``paid_before_shipping`` are those of the payment method's menu when the
    order was placed; which method it is, no rule asks.
    """

    code: str
    version: int
    status: Status
    deposit: Deposit
    shipping: Shipping
    payment: PaymentState
    payment_flow: PaymentFlow
    payment_deposit: PaymentDeposit
    paid_before_shipping: bool
    total: int
    points_used: int
    placed_at: datetime
    parcels: tuple[Parcel, ...]
    capture_requested_at: datetime | None = None
    deposit_date: date | None = None
    standing: Standing = NOTHING_TOLD
    own_calls: tuple[str, ...] = ()

    @property
    def calls(self) -> tuple[str, ...]:
        """Return the words that ask for a person: what payments called for, then what we did."""
        return (*self.standing.calls, *self.own_calls)

    @property
    def waits_for_buyer_to_pay(self) -> bool:
        """Tell whether the order goes on once its buyer has paid by a number or to an account."""
        unpaid = self.deposit == "unpaid" and self.payment in ("awaited", "number_issued", "short")
        return self.status != "cancelled" and unpaid

    @property
    def own_calls_left(self) -> tuple[str, ...]:
        """Return our own calls without those that are over by themselves: who has paid, or may not any more, knows how."""
        if self.waits_for_buyer_to_pay:
            return self.own_calls
        return tuple(word for word in self.own_calls if word != PAYMENT_MAIL_UNDELIVERED)

    @property
    def money_with_us(self) -> int:
        """Return the buyer's money that is with us, in yen, as far as we were told: suspense included."""
        if self.standing.money is not None:
            return self.standing.money
        return self.total if self.payment == "captured" else 0

    @property
    def money_received(self) -> int:
        """Return all of the buyer's money that came in, in yen, also what went back: at least what is with us."""
        received = self.standing.captured + self.standing.suspense
        if not self.standing.revision and self.payment in ("captured", "refunded_in_part", "refunded"):
            received = self.total
        return max(received, self.money_with_us)

    @property
    def door_amount(self) -> int:
        """Return what the buyer of a shipped order may have paid at the door, in yen: nobody tells us."""
        return self.total if self.payment_flow == "unmanaged" and self.shipping == "shipped" else 0

    @property
    def missing_money(self) -> int:
        """Return what the order still costs, in yen: its total but for what already came in."""
        paid = self.standing.captured + self.standing.suspense - self.standing.refunded
        return max(self.total - max(paid, 0), 0)

    @property
    def is_complete(self) -> bool:
        """Shipping and deposit are complete (ORD-01), and nobody is called for.

        A deposit that nobody makes, as at the door, is not waited for (PAY-13).
        """
        paid = self.deposit == "paid" or self.payment_deposit == "never"
        return self.shipping == "shipped" and paid and not self.calls

    @property
    def processed_but_unpaid(self) -> bool:
        """Closed although its money was never taken: easily missed (PAY-11)."""
        return self.status == "processed" and self.deposit == "unpaid" and self.payment_deposit == "capture"

    def may(self, move: Move) -> bool:
        """Tell whether NEXT has an edge for ``move``. What payments says is believed after the end, too."""
        axis = AXIS_OF[move]
        if self.status == "cancelled" and axis != "payment":
            return False
        return move in NEXT[axis][getattr(self, axis)]

    def moved(self, move: Move) -> "Order":
        """Return the order one version later. Raises Refused where NEXT has no edge."""
        if not self.may(move):
            raise Refused("order_move_not_allowed", self._why_not(move))
        axis = AXIS_OF[move]
        # Only NEXT's values get here, so the replaced state is one of the axis's own.
        change = {axis: NEXT[axis][getattr(self, axis)][move], "version": self.version + 1}
        return replace(self, **change)  # type: ignore[arg-type]

    def _why_not(self, move: Move) -> str:
        if self.status == "cancelled":
            return "キャンセルされた注文は変更できません。"
        return {
            "process": "すでに処理済みです。",
            "deposit": "すでに入金済みです。",
            "undeposit": "まだ入金済みではありません。",
            "ship": "すでに発送済みです。",
            "ship_part": "すでに発送済みです。",
        }.get(move, "この操作は現在の状態では行えません。")
