"""An order's life as one table: what may follow what. Whatever is not in NEXT does not happen.

An order stands on four axes at once. Status, deposit and shipping are ours (features.md Appendix C); payment
is what payments last said. A cancelled order moves no more: money that still arrives for it is noted, and
payments gives it back.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from shared.errors import Refused

Axis = Literal["status", "deposit", "shipping", "payment"]
Status = Literal["in_progress", "processed", "cancelled"]
Deposit = Literal["unpaid", "paid"]
Shipping = Literal["unshipped", "shipped"]
PaymentState = Literal[
    "awaited", "authorized", "number_issued", "captured", "failed", "expired", "voided", "refunded"
]
PaymentGroup = Literal["card_like", "konbini", "transfer", "cash_on_delivery"]
Move = Literal[
    "process",
    "cancel",
    "deposit",
    "ship_part",
    "ship",
    "authorize",
    "issue_number",
    "capture",
    "fail",
    "expire",
    "void",
    "refund",
]

NEXT: dict[Axis, dict[str, dict[Move, str]]] = {
    "status": {
        "in_progress": {"process": "processed", "cancel": "cancelled"},
        "processed": {"cancel": "cancelled"},
        "cancelled": {},
    },
    "deposit": {"unpaid": {"deposit": "paid"}, "paid": {}},
    "shipping": {"unshipped": {"ship_part": "unshipped", "ship": "shipped"}, "shipped": {}},
    "payment": {
        "awaited": {
            "authorize": "authorized",
            "issue_number": "number_issued",
            "capture": "captured",
            "fail": "failed",
            "expire": "expired",
            "void": "voided",
            "refund": "refunded",
        },
        "authorized": {"capture": "captured", "void": "voided", "refund": "refunded"},
        "number_issued": {
            "capture": "captured",
            "expire": "expired",
            "fail": "failed",
            "void": "voided",
            "refund": "refunded",
        },
        "captured": {"refund": "refunded"},
        "failed": {"capture": "captured"},
        "expired": {"capture": "captured"},
        "voided": {"capture": "captured"},
        "refunded": {"refund": "refunded"},
    },
}
AXIS_OF: dict[Move, Axis] = {
    move: axis for axis, states in NEXT.items() for moves in states.values() for move in moves
}

# Heard before what it follows; it comes back later. Not for a cancelled order: money that came after the
# cancellation goes straight back, and no capture is ever told (F32). Else without an edge: old news.
BEFORE_ITS_TIME: frozenset[tuple[str, Move]] = frozenset(
    {("awaited", "refund"), ("authorized", "refund"), ("number_issued", "refund")}
)

STATUS_LABEL: dict[str, str] = {
    "in_progress": "通常処理",
    "processed": "処理済み",
    "cancelled": "キャンセル",
}
DEPOSIT_LABEL: dict[str, str] = {"unpaid": "未入金", "paid": "入金済み"}
SHIPPING_LABEL: dict[str, str] = {"unshipped": "未発送", "shipped": "発送済み"}
# 「承認済」 is the provider status that permits capture (PAY-08).
PAYMENT_LABEL: dict[str, str] = {
    "awaited": "結果待ち",
    "authorized": "承認済",
    "number_issued": "支払い番号発行済",
    "captured": "売上確定済",
    "failed": "決済失敗",
    "expired": "期限切れ",
    "voided": "取消済",
    "refunded": "返金済",
}

# Groups whose deposit staff may set by hand (PAY-06, PAY-13, Appendix B).
DEPOSIT_BY_STAFF: frozenset[str] = frozenset({"card_like", "transfer"})
PAID_BEFORE_SHIPPING: frozenset[str] = frozenset({"konbini", "transfer"})


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
class Order:
    """What the rules need to know of an order. ``version`` counts its changes, from 1, without gaps."""

    code: str
    version: int
    status: Status
    deposit: Deposit
    shipping: Shipping
    payment: PaymentState
    payment_group: PaymentGroup
    total: int
    points_used: int
    placed_at: datetime
    parcels: tuple[Parcel, ...]
    capture_requested_at: datetime | None = None
    deposit_date: date | None = None

    @property
    def is_complete(self) -> bool:
        """Shipping and deposit are complete (ORD-01); COD's deposit is not managed here (PAY-13)."""
        paid = self.deposit == "paid" or self.payment_group == "cash_on_delivery"
        return self.shipping == "shipped" and paid

    @property
    def processed_but_unpaid(self) -> bool:
        """Closed although its money was never taken: easily missed (PAY-11)."""
        return self.status == "processed" and self.deposit == "unpaid" and self.payment_group == "card_like"

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
            "ship": "すでに発送済みです。",
            "ship_part": "すでに発送済みです。",
        }.get(move, "この操作は現在の状態では行えません。")


def check_shippable(order: Order) -> None:
    """Refuse to ship what must be paid or authorized first (KON-35, PAY-14), is shipped, or is cancelled."""
    if order.status == "cancelled" or order.shipping == "shipped":
        order.moved("ship")
    if order.payment_group in PAID_BEFORE_SHIPPING and order.deposit == "unpaid":
        raise Refused("unpaid_prepaid", "前払いの注文です。入金を確認してから発送してください。")
    if order.payment_group == "card_like" and order.payment not in ("authorized", "captured"):
        raise Refused(
            "payment_not_authorized", "決済がまだ承認されていません。承認を確認してから発送してください。"
        )


def check_capturable(order: Order) -> None:
    """Refuse to ask for a deposit that staff may not set (PAY-06), that is there, or that is asked for."""
    if order.status == "cancelled" or order.deposit == "paid":
        order.moved("deposit")
    if order.payment_group not in DEPOSIT_BY_STAFF:
        raise Refused("deposit_not_by_staff", "このお支払い方法の入金状況は手動で変更できません。")
    if order.capture_requested_at is not None:
        raise Refused("capture_already_requested", "入金処理を依頼済みです。結果をお待ちください。")


def check_cancellable(order: Order, *, although_shipped: bool) -> None:
    """Refuse to cancel a cancelled order, or one that left the house unless that is stated."""
    if order.status == "cancelled":
        raise Refused("order_already_cancelled", "すでにキャンセルされています。")
    if any(parcel.shipped for parcel in order.parcels) and not although_shipped:
        raise Refused(
            "order_already_shipped",
            "発送済みの注文です。返品・受取拒否の場合は「発送後にキャンセルする」を選んでください。",
            field="although_shipped",
        )
