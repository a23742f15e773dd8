"""An order as the rules see it, with parcels and standing, and the row from which it is read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

from checkout.orders.rules.standing import COLUMN_OF, NOTHING_TOLD, Standing, standing_of
from checkout.orders.rules.states import (
    AXIS_OF,
    BEFORE_ITS_TIME,
    NEXT,
    OUTDATED_ONCE_CANCELLED,
    PAYMENT_MAIL_UNDELIVERED,
    TAKE_BACK_DEPOSIT,
    CancelReason,
    Deposit,
    Move,
    PaymentState,
    Shipping,
    Status,
)
from checkout.payment_menu.rules import PaymentDeposit, PaymentFlow
from shared.errors import Refused


@dataclass(frozen=True, slots=True)
class Parcel:
    """The parcel for one delivery address (お届け先). It is shipped once it has a ship date."""

    destination_id: UUID
    name: str
    ship_date: date | None = None
    carrier: str | None = None
    tracking_number: str | None = None

    @property
    def shipped(self) -> bool:
        return self.ship_date is not None


@dataclass(frozen=True, slots=True)
class OrderColumns:
    """The columns of ``orders`` that the rules read unchanged; amounts in yen.

    ``version`` counts the changes of the order from 1, without gaps. ``payment_flow``, ``payment_deposit`` and
    ``paid_before_shipping`` come from the menu when the order was placed. No rule asks for the method itself.
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


@dataclass(frozen=True, slots=True)
class Order(OrderColumns):
    """The facts about an order that the rules need."""

    parcels: tuple[Parcel, ...]
    capture_requested_at: datetime | None = None
    deposit_date: date | None = None
    standing: Standing = NOTHING_TOLD
    own_calls: tuple[str, ...] = ()

    @property
    def calls(self) -> tuple[str, ...]:
        """Return the calls for staff: first those of payments, then checkout's own."""
        return (*self.standing.calls, *self.own_calls)

    @property
    def waits_for_buyer_to_pay(self) -> bool:
        """Return whether the order waits for the buyer to pay by a number or to an account."""
        unpaid = self.deposit == "unpaid" and self.payment in ("awaited", "number_issued", "short")
        return self.status != "cancelled" and unpaid

    @property
    def own_calls_left(self) -> tuple[str, ...]:
        """Return checkout's own calls that are still valid.

        A call about an undelivered payment mail ends when the buyer has paid or may no longer pay.
        """
        if self.waits_for_buyer_to_pay:
            return self.own_calls
        return tuple(word for word in self.own_calls if word != PAYMENT_MAIL_UNDELIVERED)

    @property
    def money_with_us(self) -> int:
        """Return the buyer's money that is with the shop, in yen, as far as payments reported. It includes suspense."""
        if self.standing.money is not None:
            return self.standing.money
        return self.total if self.payment == "captured" else 0

    @property
    def money_received(self) -> int:
        """Return all money received from the buyer, in yen, including refunded money.

        It is at least the money here now.
        """
        received = self.standing.came
        if not self.standing.revision and self.payment in ("captured", "refunded_in_part", "refunded"):
            received = self.total
        return max(received, self.money_with_us)

    @property
    def door_amount(self) -> int:
        """Return the yen that the buyer of a shipped order may have paid at the door. Nobody reports this to Noren."""
        return self.total if self.payment_flow == "unmanaged" and self.shipping == "shipped" else 0

    @property
    def missing_money(self) -> int:
        """Return the unpaid part of the total, in yen."""
        return max(self.total - self.standing.kept, 0)

    @property
    def is_complete(self) -> bool:
        """Return whether shipping and deposit are complete (ORD-01) and no call is open.

        A deposit that nobody makes, as at the door, is not required (PAY-13).
        """
        paid = self.deposit == "paid" or self.payment_deposit == "never"
        return self.shipping == "shipped" and paid and not self.calls

    @property
    def processed_but_unpaid(self) -> bool:
        """Return whether the order was closed although its money was never captured (PAY-11)."""
        return self.status == "processed" and self.deposit == "unpaid" and self.payment_deposit == "capture"

    def may(self, move: Move) -> bool:
        """Return whether NEXT has an edge for ``move``.

        Reports of payments also move a cancelled order, unless they are outdated (OUTDATED_ONCE_CANCELLED).
        """
        axis = AXIS_OF[move]
        if self.status == "cancelled" and (
            axis != "payment" or (self.payment, move) in OUTDATED_ONCE_CANCELLED
        ):
            return False
        return move in NEXT[axis][getattr(self, axis)]

    def comes_too_early(self, move: Move) -> bool:
        """Return whether the event of ``move`` was consumed before the event that it follows (BEFORE_ITS_TIME)."""
        return self.status != "cancelled" and (self.payment, move) in BEFORE_ITS_TIME

    def moved(self, move: Move) -> "Order":
        """Return the order with the next version. Raises Refused if NEXT has no edge."""
        if not self.may(move):
            raise Refused("order_move_not_allowed", self._why_not(move))
        axis = AXIS_OF[move]
        # The new state comes from NEXT, so it is a state of the same axis.
        change = {axis: NEXT[axis][getattr(self, axis)][move], "version": self.version + 1}
        return replace(self, **change)  # type: ignore[arg-type]

    def _why_not(self, move: Move) -> str:
        if self.status == "cancelled":
            return "キャンセルされた注文は変更できません。"
        return {
            "process": "すでに処理済みです。",
            "deposit": "すでに入金済みです。",
            TAKE_BACK_DEPOSIT: "まだ入金済みではありません。",
            "ship": "すでに発送済みです。",
            "ship_part": "すでに発送済みです。",
        }.get(move, "この操作は現在の状態では行えません。")


@dataclass(frozen=True, slots=True)
class OrderRow(OrderColumns):
    """The row of an order in ``orders``: the columns for the rules, and its standing; amounts in yen."""

    capture_requested_at: datetime | None
    deposit_date: date | None
    shipped_at: datetime | None
    cancel_reason: CancelReason | None
    standing: Standing
    own_calls: Sequence[str]

    @classmethod
    def columns(cls) -> list[str]:
        """Return the columns of ``orders`` that :meth:`of_columns` takes."""
        names: list[str] = []
        for field in fields(cls):
            names += COLUMN_OF.values() if field.name == "standing" else [field.name]
        return names

    @classmethod
    def of_columns(cls, **columns: Any) -> Self:
        """Return a row made from its columns."""
        standing = standing_of(columns)
        for column in COLUMN_OF.values():
            del columns[column]
        return cls(standing=standing, **columns)

    def with_parcels(self, parcels: Iterable[Parcel]) -> Order:
        """Return the order as the rules see it."""
        return Order(
            code=self.code,
            version=self.version,
            status=self.status,
            deposit=self.deposit,
            shipping=self.shipping,
            payment=self.payment,
            payment_flow=self.payment_flow,
            payment_deposit=self.payment_deposit,
            paid_before_shipping=self.paid_before_shipping,
            total=self.total,
            points_used=self.points_used,
            placed_at=self.placed_at,
            parcels=tuple(parcels),
            capture_requested_at=self.capture_requested_at,
            deposit_date=self.deposit_date,
            standing=self.standing,
            own_calls=tuple(self.own_calls),
        )
