"""The deposit of an order follows its money: 入金済み when it came, 未入金 again when it left."""

from datetime import datetime

from checkout.orders.book import OrderBook
from checkout.orders.order import PAYMENT_LABEL
from checkout.orders.process_order import process_if_complete
from checkout.orders.timeline import Entry
from shared.clock import in_japan

PAYMENTS = "決済サービス"


def record_paid(book: OrderBook, code: str, *, at: datetime, captured_at: datetime) -> None:
    """Set an order in the book to 入金済み, once, and to 処理済み if that was all."""
    order = book[code]
    if not order.may("deposit"):
        return
    day = order.deposit_date or in_japan(captured_at).date()
    book.move(code, "deposit", by=PAYMENTS, at=at, deposit_date=day)
    process_if_complete(book, code, at=at)


def unpaid_again(book: OrderBook, code: str, *, at: datetime) -> None:
    """Set an order in the book to 未入金 where the money that had paid for it is no longer with us."""
    order = book[code]
    if order.payment not in ("short", "refunded") or not order.may("undeposit"):
        return
    book.move(code, "undeposit", by=PAYMENTS, at=at, deposit_date=None)
    book.note(
        Entry(
            order_code=code,
            at=at,
            topic="payment",
            kind="stop",
            title="未入金に戻りました",
            text=f"{PAYMENT_LABEL[order.payment]}　お預かりしている代金 ¥{order.money_with_us:,}",
            by=PAYMENTS,
            facts={"kind": "undeposit"},
        )
    )
