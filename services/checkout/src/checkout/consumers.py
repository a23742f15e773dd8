"""What checkout hears, in the order in which an order lives. Every fact ends on the order's timeline.

The state table decides, not the order of arrival: news that is overtaken is only noted, news before its time
comes back later, and a cancelled order stays cancelled.
"""

from typing import Any

from checkout.cancel_order import end_order
from checkout.domain.order import BEFORE_ITS_TIME, Move, Order
from checkout.news import entry_of
from checkout.process_order import process_if_complete
from checkout.storage.orders import lock_order, note_capture_request, save_move
from checkout.storage.sessions import revoke_sessions
from checkout.storage.timeline import add_entries, known_orders
from shared.clock import in_japan
from shared.consumers import Consumers
from shared.database import Tx
from shared.errors import Refused, TryAgain
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

consumers = Consumers("checkout")

PAYMENTS = "決済サービス"
# A payment that fails later than this is told by mail: the buyer is no longer on the page.
ON_THE_PAGE_SECONDS_MAX = 15 * 60


@consumers.on(PaymentAuthorized)
async def confirm_order(event: PaymentAuthorized, tx: Tx) -> None:
    """The order can be paid: it may be shipped from now on."""
    order = await _order(tx, event.order_code)
    await _take(tx, order, "authorize", event)


@consumers.on(PaymentNumberIssued)
async def note_payment_number(event: PaymentNumberIssued, tx: Tx) -> None:
    """The buyer has a number to pay with; the order waits for the money (KON-44)."""
    order = await _order(tx, event.order_code)
    await _take(tx, order, "issue_number", event)


@consumers.on(PaymentFailed)
async def cancel_failed_order(event: PaymentFailed, tx: Tx) -> OrderCancelled | None:
    """The order cannot be paid: it ends, stock and cart go back (PAY-22)."""
    order = await _order(tx, event.order_code)
    moved = await _take(tx, order, "fail", event)
    if moved is order or not moved.may("cancel"):
        return None
    waited = (event.occurred_at - order.placed_at).total_seconds()
    return await end_order(
        tx,
        moved,
        reason="payment_failed",
        by=PAYMENTS,
        at=event.occurred_at,
        send_mail=waited > ON_THE_PAGE_SECONDS_MAX,
    )


@consumers.on(PaymentExpired)
async def cancel_unpaid_order(event: PaymentExpired, tx: Tx) -> OrderCancelled | None:
    """The deadline passed unpaid: the order ends, and nobody is blamed for it (KON-17, KON-33)."""
    order = await _order(tx, event.order_code)
    moved = await _take(tx, order, "expire", event)
    if moved is order or not moved.may("cancel"):
        return None
    return await end_order(tx, moved, reason="unpaid", by=PAYMENTS, at=event.occurred_at)


@consumers.on(PaymentCaptured)
async def record_deposit(event: PaymentCaptured, tx: Tx) -> list[OrderProcessed]:
    """The money is ours: 入金済み, and 処理済み if the parcels are gone already.

    Money for a cancelled order is only noted; payments gives it back as it hears of the cancellation.
    """
    order = await _order(tx, event.order_code)
    moved = await _take(tx, order, "capture", event)
    if not moved.may("deposit"):
        return []
    day = moved.deposit_date or in_japan(event.captured_at).date()
    paid = await save_move(tx, moved, "deposit", by=PAYMENTS, at=event.occurred_at, deposit_date=day)
    return await process_if_complete(tx, paid, at=event.occurred_at)


@consumers.on(CaptureRejected)
async def note_capture_rejected(event: CaptureRejected, tx: Tx) -> None:
    """The order stays 未入金, with the reason, and may be asked for again (PAY-04)."""
    order = await _order(tx, event.order_code)
    if order.deposit == "unpaid":
        await note_capture_request(tx, order.code, at=None, deposit_date=None)
    await add_entries(tx, [entry_of(event, event.order_code)])


@consumers.on(PaymentVoided)
async def note_void(event: PaymentVoided, tx: Tx) -> None:
    """The hold on the buyer's money is gone, at our wish or in the provider's console."""
    order = await _order(tx, event.order_code)
    await _take(tx, order, "void", event)


@consumers.on(PaymentRefunded)
async def note_refund(event: PaymentRefunded, tx: Tx) -> None:
    """Money went back to the buyer."""
    order = await _order(tx, event.order_code)
    await _take(tx, order, "refund", event)


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


async def _order(tx: Tx, code: str) -> Order:
    order = await lock_order(tx, code)
    if order is None:
        # An order is stored before anyone can hear of it.
        raise Refused("order_unknown", f"注文 {code} はありません。", status=404)
    return order


async def _take(tx: Tx, order: Order, move: Move, event: Event) -> Order:
    """Note what payments said and follow it if the state table has an edge; return the order as it is."""
    if order.status != "cancelled" and (order.payment, move) in BEFORE_ITS_TIME:
        raise TryAgain(f"{event.type} of {order.code} came while its payment is {order.payment}")
    await add_entries(tx, [entry_of(event, order.code, cancelled=order.status == "cancelled")])
    if not order.may(move):
        return order
    columns: dict[str, Any] = {"capture_requested_at": None} if move == "capture" else {}
    return await save_move(tx, order, move, by=PAYMENTS, at=event.occurred_at, **columns)
