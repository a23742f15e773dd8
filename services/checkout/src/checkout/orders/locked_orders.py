"""Reads orders and parcels under lock, and writes their changed columns.

Between the two, ``book.py`` keeps them in memory.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypedDict
from uuid import UUID

from checkout.orders.rules.order import Order, OrderRow, Parcel
from checkout.orders.rules.standing import columns_of_standing
from checkout.orders.rules.states import CancelReason
from checkout.orders.tables import order_destinations, orders
from checkout.shop.labels import Closing
from checkout.shop.rules import ShopSettings
from shared.database.bulk import update_all
from shared.database.transactions import Tx
from shared.shop.settings.rows import of_stored, value_sql

STATES = ("version", "status", "deposit", "shipping", "payment")
"""The columns that a move changes. They have the names of the fields of an order."""


class OrderFacts(TypedDict, total=False):
    """Columns of an order that change in addition to its states."""

    capture_requested_at: datetime | None
    deposit_date: date | None
    shipped_at: datetime | None
    processed_at: datetime | None
    cancelled_at: datetime | None
    cancel_reason: CancelReason | None


@dataclass(frozen=True, slots=True)
class LockedOrder(OrderRow):
    """An order that this transaction has locked."""

    processed_at: datetime | None
    cancelled_at: datetime | None

    @property
    def facts(self) -> OrderFacts:
        """Return the columns that change in addition to the states."""
        return OrderFacts(
            capture_requested_at=self.capture_requested_at,
            deposit_date=self.deposit_date,
            shipped_at=self.shipped_at,
            processed_at=self.processed_at,
            cancelled_at=self.cancelled_at,
            cancel_reason=self.cancel_reason,
        )


@dataclass(frozen=True, slots=True)
class LockedOrders:
    """The orders that this transaction has locked, and the shop's setting about closing them."""

    closing: Closing
    orders: Sequence[LockedOrder]


NOTHING_LOCKED = LockedOrders(ShopSettings().closing, ())

# NO KEY UPDATE: timeline rows of other transactions may still refer to the orders meanwhile. The shop's setting is read
# with the orders. A separate query would cost another round trip for every event.
_LOCK = f"""
    SELECT {", ".join(LockedOrder.columns())},
        {value_sql(ShopSettings, "closing")} AS closing
    FROM orders WHERE code = ANY(:codes) ORDER BY code FOR NO KEY UPDATE
"""  # noqa: S608 - our own column names
# This is a separate query. In one query with the lock, the parcels would be those from before the wait for the lock.
_PARCELS = """
    SELECT order_code, destination_id, name, ship_date, carrier, tracking_number
    FROM order_destinations WHERE order_code = ANY(:codes) ORDER BY order_code, position
"""


async def lock_orders(tx: Tx, codes: Sequence[str]) -> LockedOrders:
    """Lock the existing orders of ``codes`` until the commit, in the order of their codes."""
    found = await tx.read(_locked, _LOCK, codes=list(codes)) if codes else []
    if not found:
        return NOTHING_LOCKED
    chosen = found[0][0]
    settings = of_stored(ShopSettings(), None if chosen is None else {"closing": chosen})
    return LockedOrders(settings.closing, [order for _, order in found])


def _locked(*, closing: Any, **columns: Any) -> tuple[Any, LockedOrder]:
    return closing, LockedOrder.of_columns(**columns)


async def read_parcels(tx: Tx, codes: Sequence[str]) -> Mapping[str, Sequence[Parcel]]:
    """Return the parcels of locked orders, by order code."""
    parcels: dict[str, list[Parcel]] = {}
    if not codes:
        return parcels
    for order_code, parcel in await tx.read(_parcel, _PARCELS, codes=list(codes)):
        parcels.setdefault(order_code, []).append(parcel)
    return parcels


def _parcel(*, order_code: str, **columns: Any) -> tuple[str, Parcel]:
    return order_code, Parcel(**columns)


async def update_orders(tx: Tx, changed: Sequence[tuple[Order, OrderFacts]]) -> None:
    """Write the states and facts of locked orders."""
    rows = [
        {"code": order.code, **{name: getattr(order, name) for name in STATES}, **facts}
        for order, facts in changed
    ]
    await update_all(tx, orders, rows, key="code")


async def update_standings(tx: Tx, changed: Sequence[Order]) -> None:
    """Write the standing of locked orders, and checkout's own calls for staff."""
    rows = [
        {
            "code": order.code,
            **columns_of_standing(order.standing),
            "own_calls": order.own_calls,
        }
        for order in changed
    ]
    await update_all(tx, orders, rows, key="code")


async def update_parcels(tx: Tx, changed: Mapping[UUID, Parcel]) -> None:
    """Write the facts of parcels of locked orders."""
    rows = [
        {
            "destination_id": destination_id,
            "ship_date": parcel.ship_date,
            "carrier": parcel.carrier,
            "tracking_number": parcel.tracking_number,
        }
        for destination_id, parcel in changed.items()
    ]
    await update_all(tx, order_destinations, rows, key="destination_id")
