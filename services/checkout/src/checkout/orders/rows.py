"""New orders into their tables, and stored ones as the rules see them; ``book.py`` changes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from checkout.orders.found_by import words_of_order
from checkout.orders.order import NOTHING_TOLD, Order, Parcel, Standing
from checkout.orders.tables import (
    order_destinations,
    order_history,
    order_lines,
    order_words,
    orders,
)
from checkout.orders.timeline import TimelineEntry, add_entries
from shared.bulk import insert_all
from shared.database import Tx
from shared.events import Amounts, OrderPlaced
from shared.sql import Row
from shared.words import add_words


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order to be stored: what is said of it, and what is only for us.

    ``page_key`` opens its page without a session; ``client_address`` is where it came from.
    """

    placed: OrderPlaced
    page_key: str | None = None
    client_address: str | None = None


async def insert_orders(tx: Tx, new: Sequence[NewOrder]) -> None:
    """Store orders with lines, destinations, words, first history row and first timeline entry.

    Raises IntegrityConstraintViolationError if a code is taken.
    """
    if not new:
        return
    await insert_all(tx, orders, [_order_values(one) for one in new])
    await insert_all(tx, order_destinations, [row for one in new for row in _destination_values(one.placed)])
    await insert_all(tx, order_lines, [row for one in new for row in _line_values(one.placed)])
    await add_words(tx, order_words, {one.placed.order_code: words_of_order(one.placed) for one in new})
    await insert_all(tx, order_history, [_first_version(one.placed) for one in new])
    await add_entries(
        tx,
        [
            TimelineEntry(
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
        "number": placed.order_number,
        "order_kind": placed.order_kind,
        "channel": placed.channel,
        "payment_kind": placed.payment_kind,
        "payment_name": placed.payment_name,
        "payment_flow": placed.payment_flow,
        "payment_deposit": placed.payment_deposit,
        "paid_before_shipping": placed.paid_before_shipping,
        "payment_group": _group(placed),
        "payment_choice": placed.payment_choice,
        "items_amount": amounts.items,
        "shipping_fee": amounts.shipping,
        "payment_fee": amounts.fee,
        "point_discount": amounts.point_discount,
        "coupon_discount": amounts.coupon_discount,
        "adjustments": [one.model_dump() for one in amounts.adjustments],
        "adjusted_amount": amounts.adjusted,
        "total": amounts.total,
        "points_used": placed.points_used,
        "coupon": placed.coupon,
        "benefit_reservation_id": placed.benefit_reservation_id,
        "member_id": placed.member_id or registered,
        "registers_member": registered is not None,
        "wallet_kind": placed.wallet_kind,
        "wallet_buyer_id": placed.wallet_buyer_id,
        **{f"orderer_{name}": value for name, value in who.model_dump().items()},
        "placed_at": placed.placed_at,
        "page_url": placed.page_url,
        "coupon_name": placed.coupon_name or None,
        "page_key": new.page_key,
        "client_address": new.client_address,
    }


def amounts_of(row: Row) -> Amounts:
    """Return the amounts of a row of ``orders``."""
    return Amounts(
        items=row.items_amount,
        adjustments=row.adjustments,
        shipping=row.shipping_fee,
        fee=row.payment_fee,
        point_discount=row.point_discount,
        coupon_discount=row.coupon_discount,
        total=row.total,
    )


def _group(placed: OrderPlaced) -> str:
    """Return the word by which replicas of the former release know how the order runs; nothing else reads it."""
    if placed.payment_flow == "authorized":
        return "card_like"
    if placed.payment_flow == "unmanaged":
        return "cash_on_delivery"
    return "transfer" if placed.payment_deposit == "by_hand" else "konbini"


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


_AS_STORED = (
    "code",
    "version",
    "status",
    "deposit",
    "shipping",
    "payment",
    "payment_flow",
    "payment_deposit",
    "paid_before_shipping",
    "total",
    "points_used",
    "placed_at",
    "capture_requested_at",
    "deposit_date",
)


def order_of(row: Row, parcels: Sequence[Row]) -> Order:
    """Return stored rows as the rules see them."""
    return Order(
        **{name: row[name] for name in _AS_STORED},
        parcels=tuple(
            Parcel(p.destination_id, p.name, p.ship_date, p.carrier, p.tracking_number) for p in parcels
        ),
        standing=standing_of(row),
        own_calls=tuple(row.own_calls),
    )


def standing_of(row: Row) -> Standing:
    """Return what payments told of the money of the order in ``row``."""
    if row.standing_revision == 0 and row.money_with_us is None and row.payment != "lapsed":
        return NOTHING_TOLD
    return Standing(
        revision=row.standing_revision,
        calls=tuple(row.payment_calls),
        captured=row.captured_amount,
        suspense=row.suspense_amount,
        refunded=row.refunded_amount,
        charged_back=row.charged_back_amount,
        elsewhere=row.refunded_elsewhere_amount,
        lost=row.lost_amount,
        respond_by=row.respond_by,
        money=row.money_with_us,
        money_at=row.money_told_at,
        may_reauthorize=row.may_reauthorize,
        reauthorization_requested_at=row.reauthorization_requested_at,
    )


def standing_values(order: Order) -> dict[str, Any]:
    """Return the same as columns, with what we call staff for."""
    standing = order.standing
    return {
        "code": order.code,
        "standing_revision": standing.revision,
        "payment_calls": standing.calls,
        "captured_amount": standing.captured,
        "suspense_amount": standing.suspense,
        "refunded_amount": standing.refunded,
        "charged_back_amount": standing.charged_back,
        "refunded_elsewhere_amount": standing.elsewhere,
        "lost_amount": standing.lost,
        "respond_by": standing.respond_by,
        "money_with_us": standing.money,
        "money_told_at": standing.money_at,
        "may_reauthorize": standing.may_reauthorize,
        "reauthorization_requested_at": standing.reauthorization_requested_at,
        "own_calls": order.own_calls,
    }


async def quantities_of(tx: Tx, codes: Sequence[str]) -> dict[UUID, dict[str, int]]:
    """Return how many pieces of which SKU go to each delivery address of the orders."""
    found = await tx.rows(
        "SELECT destination_id, sku, sum(quantity) AS n FROM order_lines WHERE order_code = ANY(:codes)"
        " GROUP BY destination_id, sku",
        codes=list(codes),
    )
    quantities: dict[UUID, dict[str, int]] = {}
    for row in found:
        quantities.setdefault(row.destination_id, {})[row.sku] = row.n
    return quantities


async def buyer_of_order(tx: Tx, code: str) -> Row | None:
    """Return whose order it is: ``member_id`` (also of who registered with it), and the account at the wallet."""
    return await tx.row(
        "SELECT member_id, coalesce(wallet_buyer_id, amazon_buyer_id) AS wallet_buyer_id,"
        " CASE WHEN wallet_buyer_id IS NULL AND amazon_buyer_id IS NOT NULL THEN 'amazon_pay'"
        " ELSE wallet_kind END AS wallet_kind FROM orders WHERE code = :code",
        code=code,
    )
