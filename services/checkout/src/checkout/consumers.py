"""What checkout hears, in the order in which an order lives. Every fact ends on the order's timeline.

The state table decides, not the order of arrival: news that is overtaken is only noted, news before its time
comes back later, and a cancelled order stays cancelled.
"""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from checkout.cancel_order import end_order
from checkout.domain.order import BEFORE_ITS_TIME, Move
from checkout.news import entry_of
from checkout.process_order import process_if_complete
from checkout.storage.order_book import OrderBook, open_orders
from checkout.storage.timeline import add_entries, known_orders
from shared.clock import in_japan
from shared.consumers import Consumers
from shared.database import Tx
from shared.errors import TryAgain
from shared.events import (
    AmazonAccountLinked,
    CaptureRejected,
    CouponIssued,
    CouponRedeemed,
    CouponReturned,
    Event,
    MailSent,
    MailSuppressed,
    MemberRegistered,
    OrderCancelled,
    OrderProcessed,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentExpired,
    PaymentFailed,
    PaymentNumberIssued,
    PaymentRefunded,
    PaymentVoided,
    PointsActivated,
    PointsGranted,
    PointsReturned,
    PointsUsed,
    SessionsRevoked,
)
from shared.revocations import revoke_sessions
from shared.words import words_of_numbers

consumers = Consumers("checkout")

PAYMENTS = "決済サービス"
# A payment that fails later than this is told by mail: the buyer is no longer on the page.
ON_THE_PAGE_SECONDS_MAX = 15 * 60


@consumers.on(PaymentAuthorized, linger_seconds=0.05)
async def confirm_order(events: list[PaymentAuthorized], tx: Tx) -> None:
    """The order can be paid: it may be shipped from now on."""
    async with _orders_of(events, tx) as book:
        for event in events:
            _take(book, "authorize", event)


@consumers.on(PaymentNumberIssued)
async def note_payment_number(events: list[PaymentNumberIssued], tx: Tx) -> None:
    """The buyer has a number to pay with; the order waits for the money (KON-44)."""
    async with _orders_of(events, tx) as book:
        for event in events:
            _take(book, "issue_number", event)
            # An account for transfers is the same for all orders and tells none of them.
            if event.number.isdecimal():
                book.find_by(event.order_code, words_of_numbers(event.number))


@consumers.on(PaymentFailed)
async def cancel_failed_order(event: PaymentFailed, tx: Tx) -> OrderCancelled | None:
    """The order cannot be paid: it ends, stock and cart go back (PAY-22)."""
    async with _orders_of([event], tx) as book:
        if not _take(book, "fail", event) or not book[event.order_code].may("cancel"):
            return None
        waited = (event.occurred_at - book[event.order_code].placed_at).total_seconds()
        return await end_order(
            tx,
            book,
            event.order_code,
            reason="payment_failed",
            by=PAYMENTS,
            at=event.occurred_at,
            send_mail=waited > ON_THE_PAGE_SECONDS_MAX,
        )


@consumers.on(PaymentExpired)
async def cancel_unpaid_order(event: PaymentExpired, tx: Tx) -> OrderCancelled | None:
    """The deadline passed unpaid: the order ends, and nobody is blamed for it (KON-17, KON-33)."""
    async with _orders_of([event], tx) as book:
        if not _take(book, "expire", event) or not book[event.order_code].may("cancel"):
            return None
        return await end_order(tx, book, event.order_code, reason="unpaid", by=PAYMENTS, at=event.occurred_at)


@consumers.on(PaymentCaptured, linger_seconds=0.05)
async def record_deposit(events: list[PaymentCaptured], tx: Tx) -> list[OrderProcessed]:
    """The money is ours: 入金済み, and 処理済み if the parcels are gone already and the shop wants that.

    Money for a cancelled order is only noted; payments gives it back as it hears of the cancellation.
    """
    processed = []
    async with _orders_of(events, tx) as book:
        for event in events:
            _take(book, "capture", event)
            order, at = book[event.order_code], event.occurred_at
            if order.may("deposit"):
                day = order.deposit_date or in_japan(event.captured_at).date()
                book.move(order.code, "deposit", by=PAYMENTS, at=at, deposit_date=day)
                processed += process_if_complete(book, order.code, at=at)
    return processed


@consumers.on(CaptureRejected)
async def note_capture_rejected(event: CaptureRejected, tx: Tx) -> None:
    """The order stays 未入金, with the reason, and may be asked for again (PAY-04)."""
    async with _orders_of([event], tx) as book:
        order = book[event.order_code]
        if order.deposit == "unpaid":
            book.set_facts(order.code, capture_requested_at=None, deposit_date=None)
        book.note(entry_of(event, order.code))


@consumers.on(PaymentVoided)
async def note_void(events: list[PaymentVoided], tx: Tx) -> None:
    """The hold on the buyer's money is gone, at our wish or in the provider's console."""
    async with _orders_of(events, tx) as book:
        for event in events:
            _take(book, "void", event)


@consumers.on(PaymentRefunded)
async def note_refund(events: list[PaymentRefunded], tx: Tx) -> None:
    """Money went back to the buyer."""
    async with _orders_of(events, tx) as book:
        for event in events:
            _take(book, "refund", event)


@consumers.on(
    PointsUsed,
    PointsGranted,
    PointsActivated,
    PointsReturned,
    CouponIssued,
    CouponRedeemed,
    CouponReturned,
    MemberRegistered,
    AmazonAccountLinked,
    MailSent,
    MailSuppressed,
    linger_seconds=0.5,
)
async def note_on_timeline(events: list[Event], tx: Tx) -> None:
    """What members and notifications did for an order stands on its timeline; nothing depends on it."""
    about = {event.event_id: getattr(event, "order_code", None) for event in events}
    known = await known_orders(tx, [code for code in about.values() if code])
    await add_entries(
        tx, [entry_of(event, code) for event in events if (code := about[event.event_id]) in known and code]
    )


@consumers.on(SessionsRevoked)
async def end_sessions(event: SessionsRevoked, tx: Tx) -> None:
    """From this commit on, every replica's pages refuse the session (reliability.md A2)."""
    await revoke_sessions(tx, event)


class _OfAnOrder(Protocol):
    """An event that names its order."""

    @property
    def order_code(self) -> str: ...


def _orders_of(events: Sequence[_OfAnOrder], tx: Tx) -> AbstractAsyncContextManager[OrderBook]:
    return open_orders(tx, [event.order_code for event in events])


def _take(book: OrderBook, move: Move, event: Any) -> bool:
    """Note what payments said and follow it if the state table has an edge; tell whether it had."""
    order = book[event.order_code]  # An order is stored before anyone can hear of it.
    if order.status != "cancelled" and (order.payment, move) in BEFORE_ITS_TIME:
        raise TryAgain(f"{event.type} of {order.code} came while its payment is {order.payment}")
    book.note(entry_of(event, order.code, cancelled=order.status == "cancelled"))
    if not order.may(move):
        return False
    facts: dict[str, Any] = {"capture_requested_at": None} if move == "capture" else {}
    book.move(order.code, move, by=PAYMENTS, at=event.occurred_at, **facts)
    return True
