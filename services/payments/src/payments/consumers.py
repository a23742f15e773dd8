"""What payments hears. Nothing here talks to a provider: it writes down what is to be asked."""

from payments.orders import rules
from payments.orders.payments import NewPayments, OrderPayments
from payments.payment.rules import asking
from shared.database.transactions import Tx
from shared.events import (
    CaptureRejected,
    CaptureRequested,
    OrderCancelled,
    OrderPlaced,
    PaymentCaptured,
    PaymentStandingChanged,
    ReauthorizationRequested,
    SessionsRevoked,
    Shipped,
    StockReserved,
)
from shared.messaging.consumers import Consumers
from shared.shop.revocations import revoke_sessions

consumers = Consumers("payments")


@consumers.on(OrderPlaced, opens=NewPayments, says=[PaymentCaptured], linger_seconds=0.03)
async def start_payment(event: OrderPlaced, tx: Tx, new: NewPayments) -> None:
    """A payment for each order: the money is asked for at once, or, if prepaid, when stock is held.

    An order of 0 yen is paid with that.
    """
    new.begin(event)


@consumers.on(StockReserved, opens=OrderPayments)
async def issue_payment_number(event: StockReserved, tx: Tx, payments: OrderPayments) -> None:
    """Stock is held, so a prepaid order gets its number (KON-44)."""
    payments.apply(event.order_code, asking.issue_number)


@consumers.on(
    Shipped, opens=OrderPayments, says=[CaptureRejected, PaymentStandingChanged], linger_seconds=0.1
)
async def capture_shipped_order(event: Shipped, tx: Tx, payments: OrderPayments) -> None:
    """The last parcel is on its way: take the money, where the shop's policy says so."""
    payments.apply(event.order_code, rules.shipped(event))


@consumers.on(
    CaptureRequested, opens=OrderPayments, says=[PaymentCaptured, CaptureRejected, PaymentStandingChanged]
)
async def capture_requested_order(event: CaptureRequested, tx: Tx, payments: OrderPayments) -> None:
    """Staff want the order to be 入金済み: a capture, or a deposit that they saw themselves."""
    payments.apply(event.order_code, rules.capture_requested(event))


# Its queue is named after it and holds events of 0.1.0: the name stays.
@consumers.on(ReauthorizationRequested, opens=OrderPayments, says=[PaymentStandingChanged])
async def renew_hold(event: ReauthorizationRequested, tx: Tx, payments: OrderPayments) -> None:
    """Staff want the money to be held anew; a hold that still stands is given back first (AP-34)."""
    payments.apply(event.order_code, rules.reauthorization_requested(event))


@consumers.on(OrderCancelled, opens=OrderPayments, says=[PaymentStandingChanged])
async def give_back_payment(event: OrderCancelled, tx: Tx, payments: OrderPayments) -> None:
    """The order is over: whatever is held or paid for it goes back, now or when it turns up (AP-51, F32)."""
    payments.apply(event.order_code, rules.cancelled(event))


@consumers.on(SessionsRevoked)
async def end_sessions(event: SessionsRevoked, tx: Tx) -> None:
    """From this commit on, every replica's pages refuse the session."""
    await revoke_sessions(tx, event)
