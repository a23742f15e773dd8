"""Asks payments to capture the money, or to record a deposit: 「注文を入金済みにする」 and 入金日."""

from datetime import date, datetime

from checkout.orders.book import OrderBook, open_orders
from checkout.orders.rules.allowed_deeds import check_capturable
from checkout.orders.timeline import TimelineEntry
from shared.clock import in_japan
from shared.database.transactions import Tx
from shared.errors import Refused
from shared.events import CaptureRequested


async def request_capture(
    tx: Tx,
    *,
    order_code: str,
    by: str,
    at: datetime,
    send_mail: bool = False,
    deposit_date: date | None = None,
    version: int | None = None,
) -> None:
    """Publish that staff want the order 入金済み. It becomes so when PaymentCaptured arrives (PAY-04).

    Raises Refused for:

    - an unknown order, and an order that changed since ``version``
    - a method whose deposit staff may not set (PAY-06)
    - an order that is paid, cancelled or already requested
    - a deposit date before the order or after today (PAY-07)
    """
    async with open_orders(tx, [order_code]) as book:
        request_capture_in_book(
            book,
            order_code,
            by=by,
            at=at,
            send_mail=send_mail,
            deposit_date=deposit_date,
            version=version,
        )


def request_capture_in_book(
    book: OrderBook,
    code: str,
    *,
    by: str,
    at: datetime,
    send_mail: bool = False,
    deposit_date: date | None = None,
    version: int | None = None,
) -> None:
    """Request the capture of an order in the book."""
    order = book.seen(code, version)
    check_capturable(order)
    if deposit_date is not None:
        _check_date(deposit_date, placed_at=order.placed_at, at=at)
    book.set_facts(code, capture_requested_at=at, deposit_date=deposit_date)
    book.note(
        TimelineEntry(
            order_code=code,
            at=at,
            topic="payment",
            kind="wait",
            title="入金処理を依頼しました",
            text=f"入金日 {deposit_date:%Y/%m/%d}" if deposit_date else "",
            by=by,
        )
    )
    book.say(
        CaptureRequested(
            order_code=code, by=by, send_mail=send_mail, deposit_date=deposit_date, occurred_at=at
        )
    )


def _check_date(deposit_date: date, *, placed_at: datetime, at: datetime) -> None:
    if deposit_date > in_japan(at).date():
        raise Refused(
            "deposit_date_ahead", "入金日は今日までの日付で入力してください", field="deposit_date", status=422
        )
    if deposit_date < in_japan(placed_at).date():
        raise Refused(
            "deposit_date_before_order",
            "入金日は注文日以降の日付で入力してください",
            field="deposit_date",
            status=422,
        )
