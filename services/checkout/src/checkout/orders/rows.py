"""Inserts new orders into their tables. ``stored_order.py`` reads them and ``book.py`` changes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from checkout.orders.rules.found_by import words_of_order
from checkout.orders.tables import (
    order_destinations,
    order_history,
    order_lines,
    order_words,
    orders,
)
from checkout.orders.timeline import TimelineEntry, add_entries
from shared.database.bulk import insert_all
from shared.database.search_words import add_words
from shared.database.transactions import Tx
from shared.events import OrderPlaced


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order to be stored: its event, and facts for checkout alone.

    ``page_key`` opens its page without a session. ``client_address`` is the origin of the request.
    """

    placed: OrderPlaced
    page_key: str | None = None
    client_address: str | None = None


async def insert_orders(tx: Tx, new: Sequence[NewOrder]) -> None:
    """Store orders with lines, destinations, words, first history row and first timeline entry.

    The statements are deferred; the next statement of the transaction sends them. It raises
    IntegrityConstraintViolationError if a code already exists. Code that places orders must end with such a statement.
    """
    if not new:
        return
    await insert_all(tx, orders, [order_values(one) for one in new])
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


def order_values(new: NewOrder) -> dict[str, Any]:
    """Return the row of a new order."""
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
        "taxes": [one.model_dump() for one in amounts.taxes],
        "tax_rounding": amounts.tax_rounding or None,
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


def _group(placed: OrderPlaced) -> str:
    """Return the value by which replicas of the former release know the flow of the order. Nothing else reads it."""
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
            "delivery_date": destination.delivery_date,
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
