"""Orders whole, as the desk shows them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from checkout.catalogue.tables import products
from checkout.orders.order import Order
from checkout.orders.payments import PaymentTold, read_told
from checkout.orders.rows import order_of
from checkout.orders.tables import order_destinations, order_lines, orders
from checkout.orders.timeline import timeline_of
from shared.database import Tx
from shared.errors import Refused
from shared.sql import Row


async def read_orders(tx: Tx, codes: Sequence[str]) -> dict[str, tuple[Row, Order]]:
    """Return the known ones of ``codes`` as stored and as the rules see them, without locking."""
    rows = await tx.rows(select(orders).where(orders.c.code.in_(codes)))
    parcels: dict[str, list[Row]] = {}
    for parcel in await tx.rows(
        select(order_destinations)
        .where(order_destinations.c.order_code.in_(codes))
        .order_by(order_destinations.c.position)
    ):
        parcels.setdefault(parcel.order_code, []).append(parcel)
    return {row.code: (row, order_of(row, parcels[row.code])) for row in rows}


async def numbers_of(tx: Tx, codes: Sequence[str]) -> dict[str, int]:
    """Return the short numbers (受付番号) of those of ``codes`` that have one."""
    found = await tx.rows(select(orders.c.code, orders.c.number).where(orders.c.code.in_(codes)))
    return {row.code: row.number for row in found if row.number is not None}


@dataclass(frozen=True, slots=True)
class WholeOrder:
    """One order with everything that belongs to it."""

    row: Row
    order: Order
    destinations: Sequence[Row]
    lines: Sequence[Row]
    timeline: Sequence[Row]
    told: PaymentTold


async def read_whole_order(tx: Tx, code: str) -> WholeOrder:
    """Return one order with lines, destinations and timeline. Raises Refused (404) if there is none."""
    row = await tx.row(select(orders).where(orders.c.code == code))
    if row is None:
        raise Refused("order_unknown", "この注文は見つかりません。", status=404)
    destinations = await tx.rows(
        select(order_destinations)
        .where(order_destinations.c.order_code == code)
        .order_by(order_destinations.c.position)
    )
    lines = await tx.rows(
        select(order_lines, products.c.image)
        .outerjoin(products, products.c.sku == order_lines.c.sku)
        .where(order_lines.c.order_code == code)
        .order_by(order_lines.c.line_number)
    )
    return WholeOrder(
        row=row,
        order=order_of(row, destinations),
        destinations=destinations,
        lines=lines,
        timeline=await timeline_of(tx, code),
        told=await read_told(tx, code),
    )
