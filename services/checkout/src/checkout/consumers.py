"""The events that checkout consumes, in the order of an order's life. Every event adds to the order's timeline.

The state table decides, not the order of arrival. An outdated event is only noted, and an early event is retried later.
A cancelled order remains cancelled.
"""

from checkout.orders.book import OrderBook
from checkout.orders.heard.call_staff import call_staff
from checkout.orders.heard.correct_mail_address import correct_mail_address
from checkout.orders.heard.follow_money import (
    follow_capture,
    follow_refund,
    follow_rejection,
    follow_standing,
    follow_taken_back_refund,
)
from checkout.orders.heard.follow_payment import (
    follow_authorization,
    follow_end_of_authorization,
    follow_expiry,
    follow_failure,
    follow_number,
    follow_void,
)
from checkout.orders.heard.note_events import note_events
from shared.database.transactions import Tx
from shared.events import (
    AmazonAccountLinked,
    AuthorizationEnded,
    BenefitShortageFound,
    CancellationMoneyChanged,
    CaptureRejected,
    CouponIssued,
    CouponRedeemed,
    CouponReturned,
    Event,
    MailAddressCorrected,
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
    RefundTakenBack,
    RegistrationRefused,
    SessionsRevoked,
)
from shared.messaging.consumers import Consumers
from shared.shop.revocations import revoke_sessions

consumers = Consumers("checkout")


@consumers.on(PaymentAuthorized, opens=OrderBook, linger_seconds=0.05)
async def confirm_order(event: PaymentAuthorized, tx: Tx, book: OrderBook) -> None:
    """Make an order shippable because it can be paid, also after an earlier authorization ended."""
    follow_authorization(book, event)


@consumers.on(AuthorizationEnded, opens=OrderBook)
async def end_authorization(event: AuthorizationEnded, tx: Tx, book: OrderBook) -> None:
    """Note that the hold on the buyer's money ended. Shipping waits for 再与信 or another payment (PAY-30, AP-34)."""
    await follow_end_of_authorization(tx, book, event)


@consumers.on(PaymentNumberIssued, opens=OrderBook)
async def note_payment_number(event: PaymentNumberIssued, tx: Tx, book: OrderBook) -> None:
    """Store the buyer's payment number. The order waits for the money (KON-44)."""
    follow_number(book, event)


@consumers.on(PaymentFailed, opens=OrderBook, says=[OrderCancelled])
async def cancel_failed_order(event: PaymentFailed, tx: Tx, book: OrderBook) -> None:
    """Cancel an order that cannot be paid; release its stock and reopen its cart (PAY-22)."""
    await follow_failure(tx, book, event)


@consumers.on(PaymentExpired, opens=OrderBook, says=[OrderCancelled])
async def cancel_unpaid_order(event: PaymentExpired, tx: Tx, book: OrderBook) -> None:
    """Cancel an order whose deadline passed without payment, without a penalty (KON-17, KON-33)."""
    await follow_expiry(tx, book, event)


@consumers.on(
    PaymentCaptured, opens=OrderBook, says=[OrderProcessed, CancellationMoneyChanged], linger_seconds=0.05
)
async def record_deposit(event: PaymentCaptured, tx: Tx, book: OrderBook) -> None:
    """Record the deposit: 入金済み, and 処理済み if the order is shipped and the shop closes automatically.

    Money for a cancelled order is only recorded; payments refunds it when it consumes the cancellation.
    """
    follow_capture(book, event)


@consumers.on(CaptureRejected, opens=OrderBook)
async def note_capture_rejected(event: CaptureRejected, tx: Tx, book: OrderBook) -> None:
    """Note the reason of a rejected capture.

    The order remains 未入金, and staff may request the capture again (PAY-04).
    """
    follow_rejection(book, event)


@consumers.on(PaymentVoided, opens=OrderBook)
async def note_void(event: PaymentVoided, tx: Tx, book: OrderBook) -> None:
    """Note that the shop or the provider's console cancelled the hold or the payment number.

    An order that continues has then lost its authorization, and may get a new one (AP-34).
    """
    follow_void(book, event)


@consumers.on(
    PaymentRefunded, RefundTakenBack, opens=OrderBook, says=[OrderProcessed, CancellationMoneyChanged]
)
async def note_refund(event: PaymentRefunded | RefundTakenBack, tx: Tx, book: OrderBook) -> None:
    """Record a full or partial refund, or the correction of a refund that did not happen."""
    if isinstance(event, RefundTakenBack):
        follow_taken_back_refund(book, event)
    else:
        follow_refund(book, event)


@consumers.on(PaymentStandingChanged, opens=OrderBook, says=[OrderProcessed, CancellationMoneyChanged])
async def note_standing(event: PaymentStandingChanged, tx: Tx, book: OrderBook) -> None:
    """Store the standing of the money; the order shows its calls until payments withdraws them."""
    follow_standing(book, event)


@consumers.on(BenefitShortageFound, RegistrationRefused, opens=OrderBook)
async def call_for_staff(event: BenefitShortageFound | RegistrationRefused, tx: Tx, book: OrderBook) -> None:
    """Call staff for a benefit that could not be redeemed, or for a refused registration, until they have seen it."""
    call_staff(book, event)


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
    """Add the work of members and notifications to the order's timeline. Only its pages use these facts."""
    await note_events(tx, events)


@consumers.on(MailAddressCorrected, opens=OrderBook)
async def correct_address(event: MailAddressCorrected, tx: Tx, book: OrderBook) -> None:
    """Replace a wrong address of the buyer."""
    await correct_mail_address(tx, book, event)


@consumers.on(SessionsRevoked)
async def end_sessions(event: SessionsRevoked, tx: Tx) -> None:
    """Refuse the ended sessions at the pages of every replica, from this commit on."""
    await revoke_sessions(tx, event)
