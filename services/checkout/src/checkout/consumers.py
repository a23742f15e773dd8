"""What checkout hears, in the order in which an order lives. Every fact ends on the order's timeline.

The state table decides, not the order of arrival: news that is overtaken is only noted, news before its time
comes back later, and a cancelled order stays cancelled.
"""

from typing import Any

from checkout.orders.book import AboutAnOrder, OrderBook
from checkout.orders.cancel_order import end_order
from checkout.orders.follow_money import PAYMENTS, record_paid, unpaid_again
from checkout.orders.news import entry_of, standing_entry
from checkout.orders.order import BEFORE_ITS_TIME, Move, Order
from checkout.orders.payment_news import told_by
from checkout.orders.payments import authorizations_of
from checkout.orders.process_order import process_if_complete
from checkout.orders.standing import (
    WATCHED,
    covered_again,
    is_news,
    lapsed,
    money_move,
    overtaken,
    refund_move,
    told_by_capture,
    told_by_payments,
    told_by_refund,
)
from checkout.orders.timeline import add_entries, known_orders
from shared.consumers import Consumers
from shared.database import Tx
from shared.errors import TryAgain
from shared.events import (
    AmazonAccountLinked,
    AuthorizationEnded,
    BenefitShortageFound,
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
    PaymentStandingChanged,
    PaymentVoided,
    PointsActivated,
    PointsGranted,
    PointsReturned,
    PointsUsed,
    RegistrationRefused,
    SessionsRevoked,
)
from shared.revocations import revoke_sessions
from shared.words import words_of_numbers

consumers = Consumers("checkout")

MEMBERS = "会員サービス"


@consumers.on(PaymentAuthorized, opens=OrderBook, linger_seconds=0.05)
async def confirm_order(event: PaymentAuthorized, tx: Tx, book: OrderBook) -> None:
    """The order can be paid: it may be shipped from now on, also after an earlier authorization ended."""
    before = _known(book, event)
    if _take(book, "authorize", event) and before.payment != "awaited":
        book.set_standing(before.code, covered_again(before))


@consumers.on(AuthorizationEnded, opens=OrderBook)
async def end_authorization(event: AuthorizationEnded, tx: Tx, book: OrderBook) -> None:
    """The hold on the buyer's money is gone: shipping waits for 再与信 or another payment (PAY-30, AP-34)."""
    order = _known(book, event)
    if order.status != "cancelled" and event.authorization_id and order.payment in WATCHED:
        told = await authorizations_of(tx, order.code)
        if event.authorization_id not in told:
            raise TryAgain(f"{event.type} of {order.code} came before its authorization")
        if event.authorization_id != told[0]:
            book.note(entry_of(event, order))
            return
    _take(book, "lapse", event)
    book.set_standing(order.code, lapsed(book[order.code], event))


@consumers.on(PaymentNumberIssued, opens=OrderBook)
async def note_payment_number(event: PaymentNumberIssued, tx: Tx, book: OrderBook) -> None:
    """The buyer has a number to pay with; the order waits for the money (KON-44)."""
    _take(book, "issue_number", event)
    # An account for transfers is the same for all orders and tells none of them.
    if event.number.isdecimal():
        book.find_by(event.order_code, words_of_numbers(event.number))


@consumers.on(PaymentFailed, opens=OrderBook, says=[OrderCancelled])
async def cancel_failed_order(event: PaymentFailed, tx: Tx, book: OrderBook) -> None:
    """The order cannot be paid: it ends, stock and cart go back (PAY-22)."""
    code, at = event.order_code, event.occurred_at
    if _take(book, "fail", event) and book[code].may("cancel"):
        await end_order(tx, book, code, reason="payment_failed", by=PAYMENTS, at=at)


@consumers.on(PaymentExpired, opens=OrderBook, says=[OrderCancelled])
async def cancel_unpaid_order(event: PaymentExpired, tx: Tx, book: OrderBook) -> None:
    """The deadline passed unpaid: the order ends, and nobody is blamed for it (KON-17, KON-33)."""
    code, at = event.order_code, event.occurred_at
    if _take(book, "expire", event) and book[code].may("cancel"):
        await end_order(tx, book, code, reason="unpaid", by=PAYMENTS, at=at)


@consumers.on(PaymentCaptured, opens=OrderBook, says=[OrderProcessed], linger_seconds=0.05)
async def record_deposit(event: PaymentCaptured, tx: Tx, book: OrderBook) -> None:
    """The money is ours: 入金済み, and 処理済み if the parcels are gone already and the shop wants that.

    Money for a cancelled order is only noted; payments gives it back as it hears of the cancellation.
    """
    code, at, taken = event.order_code, event.occurred_at, _take(book, "capture", event)
    standing = book[code].standing
    if left_again := overtaken(standing, event):
        if taken:
            book.move(code, left_again, by=PAYMENTS, at=at)
        return
    if standing.money is not None:
        book.set_standing(code, told_by_capture(standing, event))
    record_paid(book, code, at=at, captured_at=event.captured_at)


@consumers.on(CaptureRejected, opens=OrderBook)
async def note_capture_rejected(event: CaptureRejected, tx: Tx, book: OrderBook) -> None:
    """The order stays 未入金, with the reason, and may be asked for again (PAY-04)."""
    order = _known(book, event)
    if order.deposit == "unpaid":
        book.set_facts(order.code, capture_requested_at=None, deposit_date=None)
    book.note(entry_of(event, order))


@consumers.on(PaymentVoided, opens=OrderBook)
async def note_void(event: PaymentVoided, tx: Tx, book: OrderBook) -> None:
    """The hold on the buyer's money, or the number to pay with, is gone: at our wish or in the console.

    An order that goes on has lost its authorization by that, and may get a new one (AP-34).
    """
    order = _known(book, event)
    ends = order.status == "cancelled" or order.payment not in ("authorized", "lapsed")
    _take(book, "void" if ends else "lapse", event)


@consumers.on(PaymentRefunded, opens=OrderBook)
async def note_refund(event: PaymentRefunded, tx: Tx, book: OrderBook) -> None:
    """Money went back to the buyer: all of it, or a part."""
    order = _known(book, event)
    if (move := refund_move(order, event)) is None:
        _note(book, event, order)
    else:
        _take(book, move, event)
    book.set_standing(order.code, told_by_refund(order.standing, event))
    unpaid_again(book, order.code, at=event.occurred_at)


@consumers.on(PaymentStandingChanged, opens=OrderBook, says=[OrderProcessed])
async def note_standing(event: PaymentStandingChanged, tx: Tx, book: OrderBook) -> None:
    """What staff must know of the money: shown with the order until payments says that all is well again."""
    order = _known(book, event)
    if not is_news(order.standing, event):
        return
    at, told = event.occurred_at, told_by_payments(order.standing, event)
    book.move(order.code, "call", by=PAYMENTS, at=at, reason=" ".join(event.calls))
    book.set_standing(order.code, told)
    if entry := standing_entry(event, order):
        book.note(entry)
    if move := money_move(order, told):
        book.move(order.code, move, by=PAYMENTS, at=at, capture_requested_at=None)
    if move == "capture":
        record_paid(book, order.code, at=at, captured_at=at)
    unpaid_again(book, order.code, at=at)
    process_if_complete(book, order.code, at=at)


@consumers.on(BenefitShortageFound, RegistrationRefused, opens=OrderBook)
async def call_for_staff(event: BenefitShortageFound | RegistrationRefused, tx: Tx, book: OrderBook) -> None:
    """A benefit could not be taken, or nobody was registered: staff are called until they have seen it."""
    order = _known(book, event)
    call = "benefit_shortage" if isinstance(event, BenefitShortageFound) else "registration_refused"
    book.move(order.code, "call", by=MEMBERS, at=event.occurred_at, reason=call)
    own_calls = tuple(dict.fromkeys((*order.own_calls, call)))
    book.set_standing(order.code, order.standing, own_calls=own_calls)
    book.note(entry_of(event, order))


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
    about = {event.event_id: code for event in events if (code := getattr(event, "order_code", None))}
    missing = set(about.values()) - await known_orders(tx, list(about.values()))
    if missing:
        raise TryAgain(f"{', '.join(sorted(missing))}: no such order here")
    await add_entries(
        tx, [entry_of(event, about[event.event_id]) for event in events if event.event_id in about]
    )


@consumers.on(SessionsRevoked)
async def end_sessions(event: SessionsRevoked, tx: Tx) -> None:
    """From this commit on, every replica's pages refuse the session (reliability.md A2)."""
    await revoke_sessions(tx, event)


def _known(book: OrderBook, event: AboutAnOrder) -> Order:
    """Return the order of ``event``. Raises TryAgain for one that is not ours: it ends as a dead letter.

    An order is stored before anyone can hear of it, so this is money or goods of which nobody knows.
    """
    order = book.get(event.order_code)
    if order is None:
        raise TryAgain(f"{event.type} is about {event.order_code}, which is no order here")
    return order


def _take(book: OrderBook, move: Move, event: Any) -> bool:
    """Note what payments said and follow it if the state table has an edge; tell whether it had."""
    order = _known(book, event)
    if order.status != "cancelled" and (order.payment, move) in BEFORE_ITS_TIME:
        raise TryAgain(f"{event.type} of {order.code} came while its payment is {order.payment}")
    _note(book, event, order)
    # A hold of an order that is cancelled and voided is old news, whatever comes of it later.
    over = order.status == "cancelled" and order.payment == "voided" and move in ("authorize", "lapse")
    if over or not order.may(move):
        return False
    facts: dict[str, Any] = {"capture_requested_at": None} if move in ("capture", "lapse") else {}
    book.move(order.code, move, by=PAYMENTS, at=event.occurred_at, **facts)
    return True


def _note(book: OrderBook, event: Any, order: Order) -> None:
    """Put what payments said on the timeline and into the columns that the pages of orders show."""
    book.note(entry_of(event, order))
    book.keep(told_by(event))
