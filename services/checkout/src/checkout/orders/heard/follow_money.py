"""The deposit state follows the order's money: 入金済み when it arrives, 未入金 again when it leaves."""

from dataclasses import asdict
from datetime import datetime

from checkout.orders.book import OrderBook
from checkout.orders.heard.entries import entry_of, standing_entry
from checkout.orders.heard.follow import PAYMENTS, follow, known_order, note
from checkout.orders.labels import PAYMENT_LABEL
from checkout.orders.process_order import process_if_complete
from checkout.orders.rules.money_back import money_of_ended
from checkout.orders.rules.money_moves import money_move, overtaken, refund_move, taken_back_refund_move
from checkout.orders.rules.order import Order
from checkout.orders.rules.standing import is_newer, told_by_capture, told_by_payments, told_by_refund
from checkout.orders.rules.states import TAKE_BACK_DEPOSIT
from checkout.orders.timeline import TimelineEntry
from shared.clock import in_japan
from shared.events import (
    CancellationMoneyChanged,
    CaptureRejected,
    PaymentCaptured,
    PaymentRefunded,
    PaymentStandingChanged,
    RefundTakenBack,
)


def follow_capture(book: OrderBook, event: PaymentCaptured) -> None:
    """Make an order 入金済み unless its money left again meanwhile. Make it 処理済み if it is complete."""
    code, at, before = event.order_code, event.occurred_at, known_order(book, event)
    taken = follow(book, "capture", event)
    standing = book[code].standing
    if left_again := overtaken(standing, event):
        if taken:
            book.move(code, left_again, by=PAYMENTS, at=at)
        _tell_if_ended(book, before, at=at)
        return
    if standing.money is not None:
        book.set_standing(code, told_by_capture(standing, event))
    _record_paid(book, code, at=at, captured_at=event.captured_at)
    _tell_if_ended(book, before, at=at)


def follow_rejection(book: OrderBook, event: CaptureRejected) -> None:
    """Allow staff to request the deposit of an order again."""
    order = known_order(book, event)
    if order.deposit == "unpaid":
        book.set_facts(order.code, capture_requested_at=None, deposit_date=None)
    book.note(entry_of(event, order))


def follow_refund(book: OrderBook, event: PaymentRefunded) -> None:
    """Note a refund. A fully refunded order is 未入金 again."""
    order = known_order(book, event)
    if (move := refund_move(order, event)) is None:
        note(book, event, order)
    else:
        follow(book, move, event)
    book.set_standing(order.code, told_by_refund(order.standing, event))
    _unpaid_again(book, order.code, at=event.occurred_at)
    _tell_if_ended(book, order, at=event.occurred_at)


def follow_taken_back_refund(book: OrderBook, event: RefundTakenBack) -> None:
    """Note that a reported refund was not made. An order that this money paid is 入金済み again."""
    order = known_order(book, event)
    moved = False
    if (move := taken_back_refund_move(order, event)) is None:
        note(book, event, order)
    else:
        moved = follow(book, move, event) is not None
    book.set_standing(order.code, told_by_refund(order.standing, event))
    if moved:
        _record_paid(book, order.code, at=event.occurred_at, captured_at=event.occurred_at)
    _tell_if_ended(book, order, at=event.occurred_at)


def follow_standing(book: OrderBook, event: PaymentStandingChanged) -> None:
    """Store the standing of an order's money, and move payment and deposit by it. An outdated event changes nothing."""
    order = known_order(book, event)
    if not is_newer(order.standing, event):
        return
    at, told = event.occurred_at, told_by_payments(order.standing, event)
    book.move(order.code, "call", by=PAYMENTS, at=at, reason=" ".join(event.calls))
    book.set_standing(order.code, told)
    if entry := standing_entry(event, order):
        book.note(entry)
    if move := money_move(order, told):
        book.move(order.code, move, by=PAYMENTS, at=at, capture_requested_at=None)
    if move == "capture":
        _record_paid(book, order.code, at=at, captured_at=at)
    _unpaid_again(book, order.code, at=at)
    process_if_complete(book, order.code, at=at)
    _tell_if_ended(book, order, at=at)


def _tell_if_ended(book: OrderBook, before: Order, *, at: datetime) -> None:
    """Publish CancellationMoneyChanged if the money of a cancelled order differs from its money ``before``."""
    money = money_of_ended(book[before.code])
    if before.status == "cancelled" and money != money_of_ended(before):
        book.say(CancellationMoneyChanged(order_code=before.code, **asdict(money), occurred_at=at))


def _record_paid(book: OrderBook, code: str, *, at: datetime, captured_at: datetime) -> None:
    """Set an order in the book to 入金済み once, and to 処理済み if it is complete."""
    order = book[code]
    if not order.may("deposit"):
        return
    day = order.deposit_date or in_japan(captured_at).date()
    book.move(code, "deposit", by=PAYMENTS, at=at, deposit_date=day)
    process_if_complete(book, code, at=at)


def _unpaid_again(book: OrderBook, code: str, *, at: datetime) -> None:
    """Set an order in the book to 未入金 if the money that paid for it has left."""
    order = book[code]
    if order.payment not in ("short", "refunded") or not order.may(TAKE_BACK_DEPOSIT):
        return
    book.move(code, TAKE_BACK_DEPOSIT, by=PAYMENTS, at=at, deposit_date=None)
    book.note(
        TimelineEntry(
            order_code=code,
            at=at,
            topic="payment",
            kind="stop",
            title="未入金に戻りました",
            text=f"{PAYMENT_LABEL[order.payment]}　お預かりしている代金 ¥{order.money_with_us:,}",
            by=PAYMENTS,
            facts={"kind": TAKE_BACK_DEPOSIT},
        )
    )
