"""Whole orders as the desk shows them."""

from collections.abc import Sequence
from dataclasses import dataclass

from checkout.order_desk.labels import badges
from checkout.orders.rules.order import Order
from checkout.orders.stored_order import (
    Destination,
    OrderedLine,
    StoredOrder,
    read_destinations,
    read_lines,
    read_order,
    read_orders,
)
from checkout.orders.timeline import StoredEntry, timeline_of
from checkout.orders.told.benefits import ToldBenefit, read_benefits
from checkout.orders.told.payment import PaymentTold, read_told
from shared.database.transactions import Tx
from shared.errors import Refused


async def read_ruled_orders(tx: Tx, codes: Sequence[str]) -> dict[str, tuple[StoredOrder, Order]]:
    """Return the existing orders of ``codes`` as stored and as the rules see them, without locking."""
    known = await read_orders(tx, codes)
    destinations = await read_destinations(tx, list(known))
    return {
        code: (order, order.with_parcels(one.parcel for one in destinations[code]))
        for code, order in known.items()
    }


async def numbers_of(tx: Tx, codes: Sequence[str]) -> dict[str, int]:
    """Return the short numbers (受付番号) of the orders in ``codes`` that have one."""
    known = await read_orders(tx, codes)
    return {code: order.number for code, order in known.items() if order.number is not None}


async def states_in_words(tx: Tx, codes: Sequence[str]) -> dict[str, str]:
    """Return the states of the orders as staff read them: status, deposit and shipping."""
    known = await read_orders(tx, codes)
    return {
        code: "・".join(badges(order)[name][0] for name in ("status", "deposit", "shipping"))
        for code, order in known.items()
    }


@dataclass(frozen=True, slots=True)
class WholeOrder:
    """One order with all its rows."""

    stored: StoredOrder
    order: Order
    destinations: Sequence[Destination]
    lines: Sequence[OrderedLine]
    timeline: Sequence[StoredEntry]
    told: PaymentTold
    benefits: Sequence[ToldBenefit]


async def read_whole_order(tx: Tx, code: str) -> WholeOrder:
    """Return one order with lines, destinations and timeline. Raises Refused (404) if there is none."""
    stored = await read_order(tx, code)
    if stored is None:
        raise Refused("order_unknown", "この注文は見つかりません。", status=404)
    destinations = (await read_destinations(tx, [code]))[code]
    return WholeOrder(
        stored=stored,
        order=stored.with_parcels(one.parcel for one in destinations),
        destinations=destinations,
        lines=await read_lines(tx, code),
        timeline=await timeline_of(tx, code),
        told=await read_told(tx, code),
        benefits=await read_benefits(tx, code),
    )
