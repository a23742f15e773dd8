"""The orders that members stores."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from members.orders.tables import member_orders
from shared.database.bulk import insert_all, update_all
from shared.database.sql import columns_of
from shared.database.transactions import Tx
from shared.errors import TryAgain
from shared.events import OrderCancelled, OrderPlaced

About = TypeVar("About", OrderPlaced, OrderCancelled)


def first_of_each(events: Iterable[About]) -> dict[str, About]:
    """Return the first of ``events`` about each order, by the order's code."""
    found: dict[str, About] = {}
    for event in events:
        found.setdefault(event.order_code, event)
    return found


async def note_orders(tx: Tx, placed: Iterable[OrderPlaced]) -> list[OrderPlaced]:
    """Store orders. Return the new ones, so that no order takes effect twice."""
    orders = first_of_each(placed)
    rows = [{"order_code": code, "placed_at": orders[code].placed_at} for code in sorted(orders)]
    noted = await insert_all(tx, member_orders, rows, skip_known=True, returning="order_code")
    fresh = {row.order_code for row in noted}
    return [order for code, order in orders.items() if code in fresh]


@dataclass(frozen=True, slots=True)
class AppliedOrder:
    """The member of an applied order and the points that it spent. ``note`` describes anything unusual.

    ``links_buyer_id`` is the Amazon account that the order links with its member once its payment is authorized.
    """

    order_code: str
    member_id: UUID | None
    points_used: int
    note: str
    links_buyer_id: str | None


async def finish_orders(tx: Tx, taken: Sequence[AppliedOrder]) -> None:
    """Store the results of noted orders."""
    await update_all(tx, member_orders, taken, key="order_code")


@dataclass(frozen=True, slots=True)
class MemberOrder:
    """The stored facts of an order: its member, whether it was cancelled, and the last known standing of its money.

    ``links_buyer_id`` is the Amazon account that it links once its payment is authorized.
    """

    order_code: str
    member_id: UUID | None
    placed_at: datetime
    cancelled_at: datetime | None
    money_revision: int
    links_buyer_id: str | None


async def lock_orders(tx: Tx, codes: Iterable[str]) -> dict[str, MemberOrder]:
    """Return stored orders by code, and lock them.

    Raises TryAgain if OrderPlaced of an order was not consumed yet.
    """
    wanted = set(codes)
    if not wanted:
        return {}
    found = await tx.read(
        MemberOrder,
        f"SELECT {columns_of(MemberOrder)} FROM member_orders"  # noqa: S608 - names are ours
        " WHERE order_code = ANY(CAST(:codes AS text[])) ORDER BY order_code FOR UPDATE",
        codes=list(wanted),
    )
    if len(found) < len(wanted):
        raise TryAgain("the order is not known yet")
    return {order.order_code: order for order in found}


async def set_cancelled(tx: Tx, cancelled: Mapping[str, datetime]) -> None:
    """Store when each order was cancelled."""
    rows = [{"order_code": code, "cancelled_at": at} for code, at in cancelled.items()]
    await update_all(tx, member_orders, rows, key="order_code")


async def set_money_revisions(tx: Tx, revisions: Mapping[str, int]) -> None:
    """Store the revision of the last standing of each order's money."""
    rows = [{"order_code": code, "money_revision": revision} for code, revision in revisions.items()]
    await update_all(tx, member_orders, rows, key="order_code")


async def forget_wanted_links(tx: Tx, codes: Iterable[str]) -> None:
    """Store that these orders link no account any more."""
    rows = [{"order_code": code, "links_buyer_id": None} for code in codes]
    await update_all(tx, member_orders, rows, key="order_code")


def owners_of(orders: Mapping[str, MemberOrder]) -> list[UUID]:
    """Return the members of those ``orders`` that a member placed."""
    return [order.member_id for order in orders.values() if order.member_id is not None]
