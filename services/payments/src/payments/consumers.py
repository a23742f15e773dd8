"""What payments hears. Nothing here talks to a provider: it writes down what is to be asked."""

from datetime import UTC, datetime, time

from payments.deposits.record_deposit import DEPOSIT
from payments.orders.order_payments import NewPayments, OrderPayments
from payments.payment.rules import asking
from payments.payment.rules.answers import Captured
from payments.payment.rules.drafting import Draft, Settled, and_then
from payments.payment.rules.order import parcels_of
from payments.payment.rules.payment import CaptureWish, Payment
from payments.payment.rules.settling import settle
from payments.payment.rules.terms import Terms
from shared.clock import JAPAN
from shared.consumers import Consumers
from shared.database import Tx
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
from shared.revocations import revoke_sessions

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
    payments.settle(event.order_code, asking.issue_number)


@consumers.on(
    Shipped, opens=OrderPayments, says=[CaptureRejected, PaymentStandingChanged], linger_seconds=0.1
)
async def capture_shipped_order(event: Shipped, tx: Tx, payments: OrderPayments) -> None:
    """The last parcel is on its way: take the money, where the shop's policy says so."""

    def rule(payment: Payment, terms: Terms, _: datetime) -> Settled:
        at = event.occurred_at
        kept = asking.parcels_left(payment, parcels_of(event), terms, at)
        if not event.fully_shipped:
            return kept
        return and_then(kept, asking.capture_after_shipping(kept.payment, terms, at))

    payments.settle(event.order_code, rule)


@consumers.on(
    CaptureRequested, opens=OrderPayments, says=[PaymentCaptured, CaptureRejected, PaymentStandingChanged]
)
async def capture_requested_order(event: CaptureRequested, tx: Tx, payments: OrderPayments) -> None:
    """Staff want the order to be 入金済み: a capture, or a deposit that they saw themselves."""
    payments.settle(event.order_code, lambda payment, terms, _: _settle_for_staff(event, payment, terms))


@consumers.on(ReauthorizationRequested, opens=OrderPayments, says=[PaymentStandingChanged])
async def renew_hold(event: ReauthorizationRequested, tx: Tx, payments: OrderPayments) -> None:
    """Staff want the money to be held anew; a hold that still stands is given back first (AP-34)."""
    payments.settle(
        event.order_code, lambda payment, terms, at: asking.reauthorize(payment, terms, at, by=event.by)
    )


@consumers.on(OrderCancelled, opens=OrderPayments, says=[PaymentStandingChanged])
async def give_back_payment(event: OrderCancelled, tx: Tx, payments: OrderPayments) -> None:
    """The order is over: whatever is held or paid for it goes back, now or when it turns up (AP-51, F32)."""
    payments.settle(
        event.order_code, lambda payment, _, __: asking.cancel(payment, event.occurred_at, by=event.by)
    )


@consumers.on(SessionsRevoked)
async def end_sessions(event: SessionsRevoked, tx: Tx) -> None:
    """From this commit on, every replica's pages refuse the session (reliability.md A2)."""
    await revoke_sessions(tx, event)


def _settle_for_staff(event: CaptureRequested, payment: Payment, terms: Terms) -> Settled:
    at = event.occurred_at
    if terms.deposit != "by_hand":
        return asking.capture_for_staff(
            payment, terms, at, send_mail=event.send_mail, by=event.by, amount=event.amount
        )
    day = event.deposit_date
    refusal = asking.why_no_manual_deposit(payment, terms)
    refusal = refusal or (asking.why_not_deposited_on(payment, day, at) if day else None)
    if refusal:
        draft = Draft(payment, at)
        draft.reject_capture(refusal)
        return draft.done()
    wished = asking.expect_deposit(payment, CaptureWish("manual_deposit", event.send_mail))
    return settle(wished, None, _deposit(event, payment), at, terms, because=DEPOSIT, by=event.by)


def _deposit(event: CaptureRequested, payment: Payment) -> Captured:
    """The transfer that staff saw, in full: they vouch for the rest of what the order costs."""
    day = event.deposit_date
    seen_at = datetime.combine(day, time(), JAPAN).astimezone(UTC) if day else event.occurred_at
    return Captured(
        amount=payment.missing_amount,
        captured_at=seen_at,
        captured_on=day,
        receipt_id=f"request:{event.event_id.hex}",
    )
