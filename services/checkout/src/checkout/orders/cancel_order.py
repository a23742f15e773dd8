"""Ends an order: by staff, by an unpaid deadline, or because it cannot be paid."""

from dataclasses import asdict
from datetime import datetime

from checkout.carts.rows import reopen_cart
from checkout.orders.book import OrderBook, open_orders
from checkout.orders.labels import REASON_LABEL, STAFF_REASON_LABEL
from checkout.orders.rules.allowed_deeds import check_cancellable
from checkout.orders.rules.money_back import money_of_ended
from checkout.orders.rules.states import CancelReason, StaffReason
from checkout.orders.timeline import TimelineEntry
from checkout.stock.moves import release_stock
from shared.database.transactions import Tx
from shared.events import OrderCancelled


async def cancel_order(
    tx: Tx,
    *,
    order_code: str,
    note: str,
    by: str,
    at: datetime,
    staff_reason: StaffReason = "shop",
    send_mail: bool = True,
    although_shipped: bool = False,
    version: int | None = None,
) -> None:
    """Cancel an order for staff (ORD-21). Members and payments return points and money when they consume the event.

    ``staff_reason`` says who wanted the cancellation; the text of the mail depends on it.

    Raises Refused for an order that is unknown, changed since ``version``, or cancelled already. Without
    ``although_shipped`` it also refuses a shipped order.
    """
    async with open_orders(tx, [order_code]) as book:
        check_cancellable(book.seen(order_code, version), although_shipped=although_shipped)
        await end_order(
            tx,
            book,
            order_code,
            reason="staff",
            staff_reason=staff_reason,
            note=note,
            by=by,
            at=at,
            send_mail=send_mail,
        )


async def end_order(
    tx: Tx,
    book: OrderBook,
    code: str,
    *,
    reason: CancelReason,
    by: str,
    at: datetime,
    staff_reason: StaffReason = "shop",
    note: str = "",
    send_mail: bool = True,
) -> None:
    """Cancel an order in the book and publish it: state, stock, cart and timeline in one commit.

    Shipped goods do not return to stock automatically. A failed payment gives the cart back, so that the buyer can
    choose another method (PAY-22).
    """
    door_amount = book[code].door_amount
    money = money_of_ended(book[code])
    book.move(code, "cancel", by=by, at=at, reason=note or reason, cancelled_at=at, cancel_reason=reason)
    await release_stock(tx, code, at=at)
    if reason == "payment_failed":
        await reopen_cart(tx, code, at=at)
    book.note(
        TimelineEntry(
            order_code=code,
            at=at,
            topic="order",
            kind="stop",
            title="注文をキャンセルしました",
            text=f"{_why(reason, staff_reason)}　{note}".strip(),
            by=by,
        )
    )
    book.say(
        OrderCancelled(
            order_code=code,
            reason=reason,
            staff_reason=staff_reason,
            by=by,
            note=note,
            send_mail=send_mail,
            **asdict(money),
            door_amount=door_amount,
            occurred_at=at,
        )
    )


def _why(reason: CancelReason, staff_reason: StaffReason) -> str:
    label = REASON_LABEL[reason]
    return f"{label}（{STAFF_REASON_LABEL[staff_reason]}）" if reason == "staff" else label
