"""Looks at payments unasked: at the deadline of a number, and where notices may have been lost.

The provider is always asked first. Only a number that it knows to be unpaid when the deadline and its grace
are over has expired (KON-16 to KON-18, F32).
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from payments.calls import Calls
from payments.domain.answers import Expired, Unknown
from payments.domain.payment import Payment
from payments.domain.terms import Terms
from payments.settle_payment import settle_all, store
from payments.storage.payments import WATCH_WORK, find_payment, lock_payment, next_look_at
from payments.storage.tables import payments
from shared.clock import now
from shared.database import Database
from shared.due import DueWork, strike_off

SILENT_PAUSE_SECONDS = 30
LEASE_SECONDS = 30


class Watch:
    """The due work of looking at payments."""

    def __init__(self, db: Database, calls: Calls) -> None:
        self._db = db
        self._calls = calls

    def due_work(self, *, concurrency: int) -> DueWork:
        """Return this as due work."""
        return DueWork(
            WATCH_WORK, payments, self.perform, concurrency=concurrency, lease_seconds=LEASE_SECONDS
        )

    async def perform(self, row: Row[Any]) -> None:
        """Look at one claimed payment."""
        async with self._db.transaction() as tx:
            seen = await find_payment(tx, row.payment_id)
        answers = await self._calls.look_up(seen)
        silent = any(isinstance(answer, Unknown) for answer in answers)
        async with self._db.transaction() as tx:
            at = now()
            payment = await lock_payment(tx, row.payment_id)
            method = self._calls.methods[payment.method]
            settled = settle_all(payment, None, answers, at, method.terms)
            if not silent and is_overdue(settled.payment, method.terms):
                settled = settle_all(payment, None, (*answers, Expired()), at, method.terms)
            due_at = next_look_at(settled.payment, method, at)
            if silent and due_at is not None:
                due_at = at + timedelta(seconds=SILENT_PAUSE_SECONDS)
            if settled.payment != payment:
                await store(tx, settled, method, at)
            await strike_off(tx, payments, row.payment_id, row.lease, due_at=due_at)


def is_overdue(payment: Payment, terms: Terms) -> bool:
    """Return whether a number's deadline and grace are over (at the very moment too, KON-18)."""
    return (
        payment.state == "waiting"
        and payment.number is not None
        and now() >= payment.number.due_at + terms.grace
    )
