"""再与信: requests a new hold on the buyer's money after the old one ended (AP-34, PAY-30)."""

from dataclasses import replace
from datetime import datetime

from checkout.orders.book import open_orders
from checkout.orders.rules.allowed_deeds import check_reauthorizable
from checkout.orders.timeline import TimelineEntry
from shared.database.transactions import Tx
from shared.events import ReauthorizationRequested


async def request_reauthorization(
    tx: Tx, *, order_code: str, by: str, at: datetime, version: int | None = None
) -> None:
    """Ask payments for a new authorization. PaymentAuthorized makes the order 承認済 again.

    Raises Refused for an order that is unknown, changed since ``version``, or not lapsed. Also raises it if the request
    was made already or the provider offers none.
    """
    async with open_orders(tx, [order_code]) as book:
        order = book.seen(order_code, version)
        check_reauthorizable(order)
        book.move(order_code, "call", by=by, at=at, reason="reauthorization_requested")
        book.set_standing(order_code, replace(order.standing, reauthorization_requested_at=at))
        book.note(
            TimelineEntry(
                order_code=order_code,
                at=at,
                topic="payment",
                kind="wait",
                title="再与信を依頼しました",
                by=by,
            )
        )
        book.say(ReauthorizationRequested(order_code=order_code, by=by, occurred_at=at))
