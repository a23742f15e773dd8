"""Rows of orders in and out: placed whole, changed one version at a time under a row lock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, insert, select, update

from checkout.domain.order import Move, Order, Parcel, PaymentGroup
from checkout.storage.order_tables import order_destinations, order_history, order_lines, orders
from checkout.storage.timeline import Entry, add_entries
from shared.database import Tx
from shared.errors import Refused
from shared.events import OrderPlaced


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order to be stored: what is said of it, and which steps it will take."""

    placed: OrderPlaced
    payment_group: PaymentGroup


async def insert_orders(tx: Tx, new: Sequence[NewOrder]) -> None:
    """Store orders with lines, destinations, first history row and first timeline entry.

    Raises IntegrityError if a code is taken. The caller says OrderPlaced and holds the stock.
    """
    if not new:
        return
    await tx.connection.execute(insert(orders), [_order_values(one) for one in new])
    await tx.connection.execute(
        insert(order_destinations), [row for one in new for row in _destination_values(one.placed)]
    )
    await tx.connection.execute(insert(order_lines), [row for one in new for row in _line_values(one.placed)])
    await tx.connection.execute(insert(order_history), [_first_version(one.placed) for one in new])
    await add_entries(
        tx,
        [
            Entry(
                order_code=one.placed.order_code,
                at=one.placed.placed_at,
                topic="order",
                kind="note",
                title="ご注文を受け付けました",
                text=f"{one.placed.payment_name} ・ ¥{one.placed.amounts.total:,}",
                by="お客様",
            )
            for one in new
        ],
    )


def _order_values(new: NewOrder) -> dict[str, Any]:
    placed, who, amounts = new.placed, new.placed.orderer, new.placed.amounts
    registered = placed.registration.member_id if placed.registration else None
    return {
        "code": placed.order_code,
        "order_kind": placed.order_kind,
        "channel": placed.channel,
        "payment_kind": placed.payment_kind,
        "payment_name": placed.payment_name,
        "payment_group": new.payment_group,
        "payment_choice": placed.payment_choice,
        "items_amount": amounts.items,
        "shipping_fee": amounts.shipping,
        "payment_fee": amounts.fee,
        "point_discount": amounts.point_discount,
        "coupon_discount": amounts.coupon_discount,
        "total": amounts.total,
        "points_used": placed.points_used,
        "coupon": placed.coupon,
        "benefit_reservation_id": placed.benefit_reservation_id,
        "member_id": placed.member_id or registered,
        "amazon_buyer_id": placed.amazon_buyer_id,
        **{f"orderer_{name}": value for name, value in who.model_dump().items()},
        "placed_at": placed.placed_at,
        "page_url": placed.page_url,
    }


def _destination_values(placed: OrderPlaced) -> list[dict[str, Any]]:
    return [
        {
            "destination_id": destination.destination_id,
            "order_code": placed.order_code,
            "position": position,
            **destination.address.model_dump(),
        }
        for position, destination in enumerate(placed.destinations, start=1)
    ]


def _line_values(placed: OrderPlaced) -> list[dict[str, Any]]:
    lines = [
        (destination.destination_id, line)
        for destination in placed.destinations
        for line in destination.lines
    ]
    return [
        {
            "order_code": placed.order_code,
            "line_number": number,
            "destination_id": destination_id,
            **line.model_dump(),
        }
        for number, (destination_id, line) in enumerate(lines, start=1)
    ]


def _first_version(placed: OrderPlaced) -> dict[str, Any]:
    return {
        "order_code": placed.order_code,
        "version": 1,
        "move": "place",
        "status": "in_progress",
        "deposit": "unpaid",
        "shipping": "unshipped",
        "payment": "awaited",
        "by": "お客様",
        "at": placed.placed_at,
    }


async def lock_order(tx: Tx, code: str) -> Order | None:
    """Return the order and keep others from changing it until the commit; None if there is none."""
    # NO KEY UPDATE: timeline rows of other transactions may still refer to the order meanwhile.
    row = await tx.row(select(orders).where(orders.c.code == code).with_for_update(key_share=True))
    if row is None:
        return None
    parcels = await tx.rows(
        select(order_destinations)
        .where(order_destinations.c.order_code == code)
        .order_by(order_destinations.c.position)
    )
    return order_of(row, parcels)


async def lock_known_order(tx: Tx, code: str, *, version: int | None = None) -> Order:
    """Like :func:`lock_order` for a person's wish. Raises Refused: unknown, or not the version they saw."""
    order = await lock_order(tx, code)
    if order is None:
        raise Refused("order_unknown", "この注文は見つかりません。", status=404)
    if version is not None and order.version != version:
        raise Refused(
            "order_changed_meanwhile",
            "この注文は他の操作で更新されました。最新の内容を確認してから、もう一度行ってください。",
        )
    return order


def order_of(row: Row[Any], parcels: Sequence[Row[Any]]) -> Order:
    """Return the domain's view of stored rows."""
    return Order(
        code=row.code,
        version=row.version,
        status=row.status,
        deposit=row.deposit,
        shipping=row.shipping,
        payment=row.payment,
        payment_group=row.payment_group,
        total=row.total,
        points_used=row.points_used,
        placed_at=row.placed_at,
        parcels=tuple(
            Parcel(p.destination_id, p.name, p.ship_date, p.carrier, p.tracking_number) for p in parcels
        ),
        capture_requested_at=row.capture_requested_at,
        deposit_date=row.deposit_date,
    )


async def save_move(
    tx: Tx, order: Order, move: Move, *, by: str, at: datetime, reason: str = "", **columns: Any
) -> Order:
    """Store ``move`` of a locked order: its new state, ``columns`` with it, and one history row.

    Returns the order moved. Raises Refused where the state table has no such edge.
    """
    moved = order.moved(move)
    changed = await tx.execute(
        update(orders)
        .where(orders.c.code == order.code, orders.c.version == order.version)
        .values(
            version=moved.version,
            status=moved.status,
            deposit=moved.deposit,
            shipping=moved.shipping,
            payment=moved.payment,
            **columns,
        )
    )
    if changed.rowcount != 1:
        raise RuntimeError(f"order {order.code} was not locked at version {order.version}")
    await tx.execute(
        insert(order_history).values(
            order_code=order.code,
            version=moved.version,
            move=move,
            status=moved.status,
            deposit=moved.deposit,
            shipping=moved.shipping,
            payment=moved.payment,
            by=by,
            at=at,
            reason=reason,
        )
    )
    return moved


async def note_capture_request(tx: Tx, code: str, *, at: datetime | None, deposit_date: date | None) -> None:
    """Remember that a capture was asked for, with the date staff entered; ``at=None`` forgets it."""
    await tx.execute(
        update(orders).where(orders.c.code == code).values(capture_requested_at=at, deposit_date=deposit_date)
    )


async def set_parcel(
    tx: Tx,
    destination_id: UUID,
    *,
    ship_date: date | None,
    carrier: str | None,
    tracking_number: str | None,
) -> None:
    """Store what is known of one parcel; a ship date makes it shipped."""
    await tx.execute(
        update(order_destinations)
        .where(order_destinations.c.destination_id == destination_id)
        .values(ship_date=ship_date, carrier=carrier, tracking_number=tracking_number)
    )


async def quantities_of(tx: Tx, code: str) -> dict[UUID, dict[str, int]]:
    """Return how many pieces of which SKU go to each delivery address of an order."""
    found = await tx.rows(
        select(order_lines.c.destination_id, order_lines.c.sku, func.sum(order_lines.c.quantity).label("n"))
        .where(order_lines.c.order_code == code)
        .group_by(order_lines.c.destination_id, order_lines.c.sku)
    )
    quantities: dict[UUID, dict[str, int]] = {}
    for row in found:
        quantities.setdefault(row.destination_id, {})[row.sku] = row.n
    return quantities
