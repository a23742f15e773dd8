"""What payments hears. Nothing here talks to a provider: it writes down what is to be asked."""

import secrets
from datetime import UTC, datetime, time

from payments.domain import asking
from payments.domain.answers import Captured
from payments.domain.drafting import Draft, Settled
from payments.domain.payment import CaptureWish, Payment
from payments.domain.settling import settle
from payments.methods import Methods
from payments.settings import Settings
from payments.storage.payments import find_order_payment, insert_payments, save
from payments.storage.sessions import revoke_sessions
from payments.storage.shop_settings import read_shop_settings
from shared.clock import JAPAN, now
from shared.consumers import Consumers
from shared.database import Tx
from shared.errors import TryAgain
from shared.events import (
    CaptureRejected,
    CaptureRequested,
    OrderCancelled,
    OrderPlaced,
    PaymentCaptured,
    SessionsRevoked,
    Shipped,
    StockReserved,
)
from shared.ids import new_id

consumers = Consumers("payments")


@consumers.on(OrderPlaced)
async def start_payment(events: list[OrderPlaced], tx: Tx, methods: Methods, settings: Settings) -> None:
    """A payment for each order: the money is asked for at once, or, if prepaid, when stock is held."""
    policy = (await read_shop_settings(tx)).capture_policy
    at = now()
    begun = []
    for event in events:
        method = methods[event.payment_kind]
        key = secrets.token_urlsafe(16)
        payment = Payment(
            payment_id=new_id(),
            order_code=event.order_code,
            method=method.kind,
            amount=event.amounts.total,
            placed_at=event.placed_at,
            payer_name=event.orderer.name,
            choice=event.payment_choice,
            capture_policy=policy,
            page_key=key,
            page_url=f"{settings.origin_url}/payments/{method.path}/{event.order_code}?key={key}",
        )
        begun.append(asking.begin(payment, method.terms))
    await insert_payments(tx, begun, at)


@consumers.on(StockReserved)
async def issue_payment_number(event: StockReserved, tx: Tx, methods: Methods) -> None:
    """Stock is held, so a prepaid order gets its number (KON-44)."""
    payment = await _payment_of(event, tx)
    settled = asking.issue_number(payment, methods[payment.method].terms, now())
    await _save(tx, methods, payment, settled)


@consumers.on(Shipped)
async def capture_shipped_order(event: Shipped, tx: Tx, methods: Methods) -> list[CaptureRejected]:
    """The last parcel is on its way: take the money, where the shop's policy says so."""
    payment = await _payment_of(event, tx)
    if not event.fully_shipped:
        return []
    terms = methods[payment.method].terms
    settled = asking.capture_after_shipping(payment, terms, event.occurred_at)
    await _save(tx, methods, payment, settled)
    return [said for said in settled.events if isinstance(said, CaptureRejected)]


@consumers.on(CaptureRequested)
async def capture_requested_order(
    event: CaptureRequested, tx: Tx, methods: Methods
) -> list[PaymentCaptured | CaptureRejected]:
    """Staff want the order to be 入金済み: a capture, or a deposit that they saw themselves."""
    payment = await _payment_of(event, tx)
    terms = methods[payment.method].terms
    if terms.deposit != "by_hand":
        settled = asking.capture_for_staff(payment, terms, event.occurred_at, send_mail=event.send_mail)
    elif refusal := asking.why_no_manual_deposit(payment, terms):
        draft = Draft(payment, event.occurred_at)
        draft.reject_capture(refusal)
        settled = draft.done()
    else:
        wished = asking.expect_deposit(payment, CaptureWish("manual_deposit", event.send_mail))
        settled = settle(wished, None, _deposit(event, payment), event.occurred_at, terms)
    await _save(tx, methods, payment, settled)
    return [said for said in settled.events if isinstance(said, PaymentCaptured | CaptureRejected)]


@consumers.on(OrderCancelled)
async def give_back_payment(event: OrderCancelled, tx: Tx, methods: Methods) -> None:
    """The order is over: whatever is held or paid for it goes back, now or when it turns up (AP-51, F32)."""
    payment = await _payment_of(event, tx)
    await _save(tx, methods, payment, asking.cancel(payment, event.occurred_at))


@consumers.on(SessionsRevoked)
async def end_sessions(event: SessionsRevoked, tx: Tx) -> None:
    """From this commit on, every replica's pages refuse the session (reliability.md A2)."""
    await revoke_sessions(tx, event)


async def _payment_of(event: StockReserved | Shipped | CaptureRequested | OrderCancelled, tx: Tx) -> Payment:
    payment = await find_order_payment(tx, event.order_code, lock=True)
    if payment is None:
        raise TryAgain("order_not_heard_of_yet")
    return payment


async def _save(tx: Tx, methods: Methods, before: Payment, settled: Settled) -> None:
    if settled.payment != before or settled.asks:
        await save(tx, settled, methods[before.method], now())


def _deposit(event: CaptureRequested, payment: Payment) -> Captured:
    """The transfer that staff saw, in full: they vouch for the rest of what the order costs."""
    day = event.deposit_date
    seen_at = datetime.combine(day, time(), JAPAN).astimezone(UTC) if day else event.occurred_at
    return Captured(
        amount=payment.amount - payment.suspense_amount,
        captured_at=seen_at,
        receipt_id=f"request:{event.event_id.hex}",
    )
