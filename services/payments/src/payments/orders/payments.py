"""The units of work of the consumers: payments of many orders, locked together and saved together."""

import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Self

from payments.methods.registry import Methods
from payments.payment.locked_payments import LockedPayments
from payments.payment.rows import insert_payments, lock_order_payments
from payments.payment.rules import order_wishes
from payments.payment.rules.drafting import Rule, Settled, because_of
from payments.payment.rules.order import OrderSnapshot
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import CapturePolicy
from payments.settings import Settings
from payments.shop.rules import CaptureSettings
from shared.clock import now
from shared.database.transactions import Tx
from shared.errors import TryAgain
from shared.events import OrderPlaced
from shared.events.about import AboutAnOrder
from shared.ids import new_id
from shared.shop.page_keys import key_of
from shared.shop.settings.rows import read


class OrderPayments:
    """The latest payment of each order that an event names."""

    def __init__(self, locked: Mapping[str, Payment], methods: Methods, at: datetime) -> None:
        self._locked = locked
        self._batch = LockedPayments(locked.values())
        self._methods = methods
        self._at = at

    @classmethod
    @asynccontextmanager
    async def open(cls, tx: Tx, events: Sequence[AboutAnOrder], methods: Methods) -> AsyncIterator[Self]:
        """Lock the payments. Save them at the end, each once, and publish the events."""
        locked = await lock_order_payments(tx, [event.order_code for event in events])
        payments = cls(locked, methods, now())
        yield payments
        await payments._batch.save(tx, methods, now())

    def apply(self, order_code: str, rule: Rule) -> None:
        """Apply ``rule`` to the payment of an order. Raises TryAgain if the order is not known yet."""
        known = self._locked.get(order_code)
        if known is None:
            raise TryAgain("order_not_heard_of_yet")
        payment = self._batch.payment(known.payment_id)
        self._batch.add(rule(payment, self._methods[payment.method].terms, self._at))


class NewPayments:
    """The payments of new orders."""

    def __init__(self, capture_policy: CapturePolicy, methods: Methods, settings: Settings) -> None:
        self._capture_policy = capture_policy
        self._methods = methods
        self._settings = settings
        self._begun: list[Settled] = []

    @classmethod
    @asynccontextmanager
    async def open(
        cls, tx: Tx, events: Sequence[OrderPlaced], methods: Methods, settings: Settings
    ) -> AsyncIterator[Self]:
        """Read the shop's policy. At the end store the payments and publish the events of the new ones."""
        new = cls((await read(tx, CaptureSettings)).capture_policy, methods, settings)
        yield new
        stored = await insert_payments(tx, new._begun, now())
        tx.say(*(event for one in stored for event in one.events))

    def begin(self, event: OrderPlaced) -> None:
        """Start the payment of an order."""
        method = self._methods[event.payment_kind]
        # One key opens all pages of an order, and all of them change it together.
        key = key_of(event.page_url) or secrets.token_urlsafe(16)
        own_page = f"{self._settings.origin_url}/payments/{method.path}/{event.order_code}?key={key}"
        payment = Payment(
            payment_id=new_id(),
            order_code=event.order_code,
            order_number=event.order_number,
            method=method.kind,
            amount=event.amounts.total,
            placed_at=event.placed_at,
            payer_name=event.orderer.name,
            by_guest=event.member_id is None and event.registration is None,
            member_id=event.member_id,
            order=None if method.terms.flow == "unmanaged" else OrderSnapshot.of(event),
            choice=event.payment_choice,
            capture_policy=self._capture_policy,
            page_key=key,
            page_url=own_page if method.has_number_page else event.page_url,
            cause=event.cause,
        )
        self._begun.append(because_of(event.cause, order_wishes.begin(payment, method.terms)))
