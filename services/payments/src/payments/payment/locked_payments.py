"""Many locked payments, and what one transaction decides about them: rules in ``rules/``, one save, one commit.

What is decided follows from what is heard, or answered, at that moment (:mod:`shared.cause`), however late it is saved.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import Table

from payments.payment.claims import Claim, ClaimedRow, end_claims
from payments.payment.rows import lock_payments, order_of_receipt, receipt_booked_already, save_all
from payments.payment.rules.answers import Answer, Unknown
from payments.payment.rules.asking import go_on
from payments.payment.rules.disowning import told_elsewhere
from payments.payment.rules.drafting import Draft, Settled, and_then, because_of
from payments.payment.rules.moves import Operation
from payments.payment.rules.payment import Payment
from payments.payment.rules.settling import settle_answer
from payments.payment.rules.standing import with_standing
from payments.payment.rules.terms import Terms
from payments.payment.rules.watching import MethodFacts
from payments.payment.tables import payments
from shared.cause import Cause, current_cause
from shared.clock import now
from shared.database.transactions import Tx
from shared.events import Event
from shared.events.payments import Call

NOT_WRITTEN = Unknown(reason="cannot_be_written_down", mismatch=True)


def settle_answers(
    payment: Payment, operation: Operation | None, answers: Sequence[Answer], at: datetime, terms: Terms
) -> Settled:
    """Apply several answers, oldest first, and return the sum of what follows. Pure."""
    whole = Settled(payment)
    for answer in answers:
        whole = and_then(whole, settle_answer(whole.payment, operation, answer, at, terms))
    return whole


def fitting_again(settled: Settled, answers: Sequence[Answer], at: datetime, terms: Terms) -> Settled:
    """Return ``settled`` without the call for answers that did not fit, once a whole look fits and nothing is open; what waited
    for that goes on. Pure."""
    clear = not any(isinstance(answer, Unknown) for answer in answers)
    return settled if settled.payment.awaits_an_answer or not clear else fitted(settled, at, terms)


def fitted(settled: Settled, at: datetime, terms: Terms) -> Settled:
    """Return ``settled`` with an answer that fits: nothing is contradicted by it any more, and what waited goes on. Pure."""
    before = settled.payment
    if not before.contradicted or before.told_otherwise:
        return settled
    draft = Draft(before.fitting, at)
    go_on(draft, terms)
    return and_then(settled, draft.done())


def with_call(settled: Settled, call: Call) -> Settled:
    """Return ``settled`` with a payment that asks for a person's eye, beside what it asks for already."""
    return replace(settled, payment=settled.payment.calling(call))


async def call_and_put_off(
    tx: Tx,
    table: Table,
    claims: Sequence[Claim[ClaimedRow]],
    pause_seconds: float,
    methods: Mapping[str, MethodFacts],
    error: Exception,
) -> None:
    """Call a person because what was answered about a payment cannot be written down, for ``error``; have its claimed rows, of
    which there is at least one, due again after a pause. A receipt that is booked on another order names that order."""
    at = now()
    due_at = at + timedelta(seconds=pause_seconds)
    payment_id = claims[0].payment.payment_id
    locked = await lock_payments(tx, [payment_id])
    if await end_claims(tx, table, dict.fromkeys(claims, due_at)):
        batch = LockedPayments(locked.values())
        payment = batch.payment(payment_id)
        terms = methods[payment.method].terms
        receipt_id = receipt_booked_already(error)
        other = await order_of_receipt(tx, payment.method, receipt_id) if receipt_id else ""
        if other and other != payment.order_code:
            batch.add(told_elsewhere(payment, receipt_id, other, at))
        batch.add(settle_answer(batch.payment(payment_id), None, NOT_WRITTEN, at, terms))
        await batch.save(tx, methods, at, look_at={payment_id: due_at} if table is payments else {})


class LockedPayments:
    """Locked payments while things happen to them: each thing finds its payment as the one before left it.

    However much happens to a payment, it is saved once.
    """

    def __init__(self, locked: Iterable[Payment]) -> None:
        self._locked = {payment.payment_id: payment for payment in locked}
        self._settled = {key: Settled(payment) for key, payment in self._locked.items()}
        self._causes: dict[UUID, Cause] = {}
        self._events: list[Event] = []

    def payment(self, payment_id: UUID) -> Payment:
        """Return a payment as it is by now. Raises KeyError for one that is not locked here."""
        return self._settled[payment_id].payment

    def add(self, part: Settled) -> None:
        """Take what was decided about one of the payments."""
        key, cause = part.payment.payment_id, current_cause()
        if part.steps or part.events or part.asks or part.payment != self.payment(key):
            self._causes[key] = cause
        part = because_of(cause, part)
        self._settled[key] = and_then(self._settled[key], part)
        self._events += part.events

    async def save(
        self,
        tx: Tx,
        methods: Mapping[str, MethodFacts],
        at: datetime,
        *,
        look_at: Mapping[UUID, datetime | None] = MappingProxyType({}),
    ) -> None:
        """Save the payments that changed; say all events in the order in which they were decided, and last what staff
        must know of payments that do not go the straight way."""
        changed = []
        for key, one in self._settled.items():
            before = self._locked[key]
            if one.asks or one.payment != before:
                cause = self._causes[key]
                whole = with_standing(before, one, at)
                self._events += [event.following(cause) for event in whole.events[len(one.events) :]]
                changed.append(_moved_by(cause, whole))
        await save_all(tx, changed, methods, at, look_at=look_at)
        tx.say(*self._events)


def _moved_by(cause: Cause, settled: Settled) -> Settled:
    """Return ``settled`` with a payment that remembers the event that moved it. What people do is none."""
    if cause.event_id is None:
        return settled
    return replace(settled, payment=settled.payment.changed(cause=cause))
