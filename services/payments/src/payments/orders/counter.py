"""What the pages of a method use: a payment, the buyer's later choices, an early look-up."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from payments.methods.method import Shop
from payments.methods.registry import Methods
from payments.payment.look_soon import look_soon
from payments.payment.rows import find_order_payment, lock_order_payment, save_all
from payments.payment.rules.details import Number
from payments.payment.rules.drafting import Settled
from payments.payment.rules.numbers import choose_chain
from payments.payment.rules.payment import Payment
from payments.payment.snapshots import with_order
from shared.clock import now
from shared.database.transactions import Database
from shared.web.pages import Pages

HASTENED_EVERY = timedelta(seconds=30)
"""The pause between two look-ups that pages trigger. Anybody may load a page as often as they like."""
KEPT_MAX = 1_000


@dataclass(frozen=True)
class PaymentCounter:
    """The :class:`payments.methods.own_pages.Counter` of a running service."""

    shop: Shop
    pages: Pages
    db: Database
    methods: Methods
    hastened: dict[UUID, datetime] = field(default_factory=dict)
    """The time of the last or next look-up that this process triggered, for each payment."""

    async def find(self, order_code: str) -> Payment | None:
        """Return the latest payment of an order, or None if the order is not known here yet."""
        async with self.db.transaction() as tx:
            payment = await find_order_payment(tx, order_code)
            return await with_order(tx, payment) if payment is not None else None

    async def remember(self, order_code: str, refs: Mapping[str, str]) -> Payment | None:
        """Add the buyer's later choices to ``payment.refs``. Return the payment, or None if there is none."""
        async with self.db.transaction() as tx:
            payment = await lock_order_payment(tx, order_code)
            if payment is None:
                return None
            # The buyer's choice moves no money and has no other effect.
            payment = payment.changed(refs={**payment.refs, **refs})
            await save_all(tx, [Settled(payment)], self.methods, now())
            return payment

    async def choose_chain(
        self, order_code: str, chain: str, chain_name: str, number_to_show: Callable[[Payment], Number | None]
    ) -> None:
        """Store the chain that the buyer chose, and publish the number in its words."""
        at = now()
        async with self.db.transaction() as tx:
            payment = await lock_order_payment(tx, order_code)
            if payment is None:
                return
            chosen = choose_chain(
                payment, chain, chain_name, number_to_show, self.methods[payment.method].terms, at
            )
            await save_all(tx, [chosen], self.methods, at)
            tx.say(*chosen.events)

    async def hasten(self, order_code: str) -> None:
        """Make a look-up of the order's payment due now, or as soon as allowed: every 30 seconds at most."""
        at = now()
        async with self.db.transaction() as tx:
            payment = await find_order_payment(tx, order_code)
            if payment is not None and (look_at := self._next_look(payment.payment_id, at)) is not None:
                await look_soon(tx, [payment.payment_id], at=look_at)

    def _next_look(self, payment_id: UUID, at: datetime) -> datetime | None:
        """Return the time of an early look-up, or None if one is planned for that time already."""
        if len(self.hastened) > KEPT_MAX:
            old = [one for one, last in self.hastened.items() if last + HASTENED_EVERY < at]
            for one in old:
                del self.hastened[one]
        last = self.hastened.get(payment_id)
        if last is not None and last > at:
            return None
        self.hastened[payment_id] = at if last is None else max(at, last + HASTENED_EVERY)
        return self.hastened[payment_id]
