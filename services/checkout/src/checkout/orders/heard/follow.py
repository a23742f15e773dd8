"""The common part of all events about an order: the order must be known, and the state table decides."""

from typing import Any

from checkout.orders.book import OrderBook
from checkout.orders.heard.entries import entry_of
from checkout.orders.locked_orders import OrderFacts
from checkout.orders.rules.order import Order
from checkout.orders.rules.states import Move
from checkout.orders.told.payment_events import told_by
from shared.errors import TryAgain
from shared.events.about import AboutAnOrder

PAYMENTS = "決済サービス"


def known_order(book: OrderBook, event: AboutAnOrder) -> Order:
    """Return the order of ``event``. Raises TryAgain for an unknown order; the event ends as a dead letter.

    An order is stored before its events are published. An unknown order means money or goods without an order.
    """
    order = book.get(event.order_code)
    if order is None:
        raise TryAgain(f"{event.type} is about {event.order_code}, which is no order here")
    return order


def follow(book: OrderBook, move: Move, event: Any) -> Order | None:
    """Note an event of payments, and move the order if the state table has an edge.

    Returns the order before the move, or None if it did not move.
    """
    order = known_order(book, event)
    if order.comes_too_early(move):
        raise TryAgain(f"{event.type} of {order.code} came while its payment is {order.payment}")
    note(book, event, order)
    if not order.may(move):
        return None
    facts: OrderFacts = {"capture_requested_at": None} if move in ("capture", "lapse") else {}
    book.move(order.code, move, by=PAYMENTS, at=event.occurred_at, **facts)
    return order


def note(book: OrderBook, event: Any, order: Order) -> None:
    """Add an event of payments to the timeline and to the columns that the pages of orders show."""
    book.note(entry_of(event, order))
    book.keep(told_by(event))
