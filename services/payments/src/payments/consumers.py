"""What payments hears. Nothing here talks to a provider: it writes down what is to be asked."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, time
from typing import TypeVar
from uuid import UUID

from payments.domain import asking
from payments.domain.answers import Captured
from payments.domain.drafting import Draft, Settled
from payments.domain.payment import CaptureWish, Payment
from payments.domain.settling import settle
from payments.domain.terms import Terms
from payments.methods import Methods
from payments.record_deposit import DEPOSIT
from payments.settings import Settings
from payments.settle_payment import Batch
from payments.storage.payments import insert_payments, lock_order_payments
from payments.storage.shop_settings import read_shop_settings
from shared.clock import JAPAN, now
from shared.consumers import Consumers
from shared.database import Tx
from shared.errors import TryAgain
from shared.events import (
    CaptureRejected,
    CaptureRequested,
    Event,
    OrderCancelled,
    OrderPlaced,
    PaymentCaptured,
    PaymentStandingChanged,
    ReauthorizationRequested,
    SessionsRevoked,
    Shipped,
    StockReserved,
)
from shared.ids import new_id
from shared.revocations import revoke_sessions

OrderEvent = TypeVar(
    "OrderEvent", StockReserved, Shipped, CaptureRequested, ReauthorizationRequested, OrderCancelled
)

consumers = Consumers("payments")


@consumers.on(OrderPlaced, linger_seconds=0.03)
async def start_payment(
    events: list[OrderPlaced], tx: Tx, methods: Methods, settings: Settings
) -> list[PaymentCaptured]:
    """A payment for each order: the money is asked for at once, or, if prepaid, when stock is held.

    An order of 0 yen is paid with that.
    """
    policy = (await read_shop_settings(tx)).capture_policy
    at = now()
    begun = []
    for event in events:
        method = methods[event.payment_kind]
        key = secrets.token_urlsafe(16)
        own_page = f"{settings.origin_url}/payments/{method.path}/{event.order_code}?key={key}"
        payment = Payment(
            payment_id=new_id(),
            order_code=event.order_code,
            method=method.kind,
            amount=event.amounts.total,
            placed_at=event.placed_at,
            payer_name=event.orderer.name,
            by_guest=event.member_id is None and event.registration is None,
            member_id=event.member_id,
            choice=event.payment_choice,
            capture_policy=policy,
            page_key=key,
            page_url=own_page if method.has_number_page else event.page_url,
        )
        begun.append(asking.begin(payment, method.terms))
    stored = await insert_payments(tx, begun, at)
    return [event for one in stored for event in one.events if isinstance(event, PaymentCaptured)]


@consumers.on(StockReserved)
async def issue_payment_number(events: list[StockReserved], tx: Tx, methods: Methods) -> None:
    """Stock is held, so a prepaid order gets its number (KON-44)."""
    at = now()

    def rule(event: StockReserved, payment: Payment, terms: Terms) -> Settled:
        return asking.issue_number(payment, terms, at)

    await _apply(rule, events, tx, methods)


@consumers.on(Shipped, linger_seconds=0.1)
async def capture_shipped_order(
    events: list[Shipped], tx: Tx, methods: Methods
) -> list[CaptureRejected | PaymentStandingChanged]:
    """The last parcel is on its way: take the money, where the shop's policy says so."""

    def rule(event: Shipped, payment: Payment, terms: Terms) -> Settled:
        if not event.fully_shipped:
            return Settled(payment)
        return asking.capture_after_shipping(payment, terms, event.occurred_at)

    said = await _apply(rule, events, tx, methods)
    return [one for one in said if isinstance(one, CaptureRejected | PaymentStandingChanged)]


@consumers.on(CaptureRequested)
async def capture_requested_order(
    events: list[CaptureRequested], tx: Tx, methods: Methods
) -> list[PaymentCaptured | CaptureRejected | PaymentStandingChanged]:
    """Staff want the order to be 入金済み: a capture, or a deposit that they saw themselves."""
    said = await _apply(_settle_for_staff, events, tx, methods)
    return [
        one for one in said if isinstance(one, PaymentCaptured | CaptureRejected | PaymentStandingChanged)
    ]


@consumers.on(ReauthorizationRequested)
async def renew_hold(
    events: list[ReauthorizationRequested], tx: Tx, methods: Methods
) -> list[PaymentStandingChanged]:
    """Staff want the money to be held anew; a hold that still stands is given back first (AP-34)."""
    at = now()

    def rule(event: ReauthorizationRequested, payment: Payment, terms: Terms) -> Settled:
        return asking.reauthorize(payment, terms, at, by=event.by)

    said = await _apply(rule, events, tx, methods)
    return [one for one in said if isinstance(one, PaymentStandingChanged)]


@consumers.on(OrderCancelled)
async def give_back_payment(
    events: list[OrderCancelled], tx: Tx, methods: Methods
) -> list[PaymentStandingChanged]:
    """The order is over: whatever is held or paid for it goes back, now or when it turns up (AP-51, F32)."""

    def rule(event: OrderCancelled, payment: Payment, terms: Terms) -> Settled:
        return asking.cancel(payment, event.occurred_at, by=event.by)

    said = await _apply(rule, events, tx, methods)
    return [one for one in said if isinstance(one, PaymentStandingChanged)]


@consumers.on(SessionsRevoked)
async def end_sessions(event: SessionsRevoked, tx: Tx) -> None:
    """From this commit on, every replica's pages refuse the session (reliability.md A2)."""
    await revoke_sessions(tx, event)


async def _apply(
    rule: Callable[[OrderEvent, Payment, Terms], Settled],
    events: Sequence[OrderEvent],
    tx: Tx,
    methods: Methods,
) -> list[Event]:
    """Apply ``rule`` to each event and its payment in turn, save each payment once, return what is to be said.

    Raises TryAgain if an order is not known yet: then each message is heard alone, and only its own waits.
    """
    locked = await lock_order_payments(tx, [event.order_code for event in events])
    batch = Batch(locked.values())
    causes: dict[UUID | str, UUID] = {}
    for event in events:
        known = locked.get(event.order_code)
        if known is None:
            raise TryAgain("order_not_heard_of_yet")
        settled = rule(event, batch.payment(known.payment_id), methods[known.method].terms)
        batch.add(settled)
        causes |= {event.order_code: event.event_id} | {
            one.event_id: event.event_id for one in settled.events
        }
    said = await batch.save(tx, methods, now())
    # The standing of a payment follows from the last that was heard of its order.
    return [_caused(one, causes) for one in said]


def _caused(event: Event, causes: Mapping[UUID | str, UUID]) -> Event:
    order = event.order_code if isinstance(event, PaymentStandingChanged) else ""
    return event.model_copy(update={"caused_by": causes.get(event.event_id) or causes.get(order)})


def _settle_for_staff(event: CaptureRequested, payment: Payment, terms: Terms) -> Settled:
    at = event.occurred_at
    if terms.deposit != "by_hand":
        return asking.capture_for_staff(payment, terms, at, send_mail=event.send_mail, by=event.by)
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
