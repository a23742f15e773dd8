"""The events that payments consumes. Nothing here calls a provider: the consumers store requests."""

from payments.orders import rules
from payments.orders.payments import NewPayments, OrderPayments
from payments.payment.rules import order_wishes
from shared.database.transactions import Tx
from shared.events import (
    CaptureRejected,
    CaptureRequested,
    MailAddressCorrected,
    OrderCancelled,
    OrderPlaced,
    PaymentCaptured,
    PaymentStandingChanged,
    ReauthorizationRequested,
    SessionsRevoked,
    Shipped,
    ShopChanged,
    StockReserved,
)
from shared.messaging.consumers import Consumers
from shared.shop.identity.keep_identity import keep_identity
from shared.shop.revocations import revoke_sessions

consumers = Consumers("payments")


@consumers.on(OrderPlaced, opens=NewPayments, says=[PaymentCaptured], linger_seconds=0.03)
async def start_payment(event: OrderPlaced, tx: Tx, new: NewPayments) -> None:
    """Start a payment for each order: request the money immediately, or, if prepaid, when stock is reserved.

    An order of 0 yen is paid immediately.
    """
    new.begin(event)


@consumers.on(StockReserved, opens=OrderPayments)
async def issue_payment_number(event: StockReserved, tx: Tx, payments: OrderPayments) -> None:
    """Request a number for a prepaid order after stock is reserved (KON-44)."""
    payments.apply(event.order_code, order_wishes.issue_number)


@consumers.on(
    Shipped, opens=OrderPayments, says=[CaptureRejected, PaymentStandingChanged], linger_seconds=0.1
)
async def capture_shipped_order(event: Shipped, tx: Tx, payments: OrderPayments) -> None:
    """Capture the money after the last parcel was sent, if the shop's policy says so."""
    payments.apply(event.order_code, rules.shipped(event))


@consumers.on(
    CaptureRequested, opens=OrderPayments, says=[PaymentCaptured, CaptureRejected, PaymentStandingChanged]
)
async def capture_requested_order(event: CaptureRequested, tx: Tx, payments: OrderPayments) -> None:
    """Capture the money, or record a deposit that staff saw: staff want the order to be 入金済み."""
    payments.apply(event.order_code, rules.capture_requested(event))


# Its queue is named after it and holds events of 0.1.0: the name stays.
@consumers.on(ReauthorizationRequested, opens=OrderPayments, says=[PaymentStandingChanged])
async def renew_hold(event: ReauthorizationRequested, tx: Tx, payments: OrderPayments) -> None:
    """Request a new hold for staff. A hold that still exists is released first (AP-34)."""
    payments.apply(event.order_code, rules.reauthorization_requested(event))


@consumers.on(OrderCancelled, opens=OrderPayments, says=[PaymentStandingChanged])
async def give_back_payment(event: OrderCancelled, tx: Tx, payments: OrderPayments) -> None:
    """Release or refund everything that is held or paid, now or when it arrives: the order is over (AP-51, F32)."""
    payments.apply(event.order_code, rules.cancelled(event))


@consumers.on(MailAddressCorrected, opens=OrderPayments)
async def renew_page_key(event: MailAddressCorrected, tx: Tx, payments: OrderPayments) -> None:
    """Replace the key of the payment's pages. The link that went to the former address opens nothing any more."""
    payments.apply(event.order_code, rules.address_corrected(event))


@consumers.on(SessionsRevoked)
async def end_sessions(event: SessionsRevoked, tx: Tx) -> None:
    """Refuse the session on the pages of every replica, from this commit on."""
    await revoke_sessions(tx, event)


@consumers.on(ShopChanged)
async def keep_shop(event: ShopChanged, tx: Tx) -> None:
    """Keep the identity of the shop for pages: they show it within seconds (SHO-01)."""
    await keep_identity(tx, event)
