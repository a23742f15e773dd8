"""Many locked payments and the decisions of one transaction about them: the rules decide; one save, one commit.

The cause of a decision is the event or answer of that moment (:mod:`shared.cause`), even if it is saved later.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import Table

from payments.payment.claims import Claim, ClaimedRow, end_claims
from payments.payment.records import find_order_of_receipt, receipt_booked_already
from payments.payment.rows import lock_payments, save_all
from payments.payment.rules.answers import Answer, Unknown
from payments.payment.rules.drafting import Draft, Settled, and_then, because_of
from payments.payment.rules.moves import Operation
from payments.payment.rules.next_look import MethodFacts
from payments.payment.rules.order_wishes import do_what_waited
from payments.payment.rules.payment import Payment
from payments.payment.rules.reports.objects import forget_booked_elsewhere, record_booked_elsewhere
from payments.payment.rules.settling import settle_answer
from payments.payment.rules.standing import with_standing
from payments.payment.rules.terms import Terms
from payments.payment.tables import payments
from shared.cause import Cause, current_cause
from shared.clock import now
from shared.database.transactions import Tx
from shared.events import Event

NOT_WRITTEN = Unknown(reason="cannot_be_written_down", mismatch=True)


def settle_answers(
    payment: Payment, operation: Operation | None, answers: Sequence[Answer], at: datetime, terms: Terms
) -> Settled:
    """Apply several answers, oldest first, and return the sum of what follows. Pure."""
    whole = Settled(payment)
    for answer in answers:
        whole = and_then(whole, settle_answer(whole.payment, operation, answer, at, terms))
    return whole


def end_mismatch_if_all_fits(
    settled: Settled, answers: Sequence[Answer], at: datetime, terms: Terms
) -> Settled:
    """Return ``settled`` without the call about a mismatch, after a whole look-up fits and nothing is open.

    Work that waited for this goes on. Pure.
    """
    if any(isinstance(answer, Unknown) for answer in answers):
        return settled
    if settled.payment.booked_elsewhere:
        settled = replace(settled, payment=forget_booked_elsewhere(settled.payment, answers))
    return settled if settled.payment.awaits_an_answer else end_mismatch(settled, at, terms)


def end_mismatch(settled: Settled, at: datetime, terms: Terms) -> Settled:
    """Return ``settled`` after an answer that fits: its mismatch has ended, and work that waited goes on. Pure."""
    before = settled.payment
    if not before.contradicted or before.reported_otherwise:
        return settled
    draft = Draft(before.without_mismatch, at)
    do_what_waited(draft, terms)
    return and_then(settled, draft.done())


def is_outdated(then: Payment, payment: Payment, settled: Settled) -> bool:
    """Return whether a look-up contradicts the payment only because that changed after ``then``, its begin. Pure."""
    is_new = settled.payment.contradicted and not payment.contradicted
    return is_new and then.version != payment.version


async def call_and_put_off(
    tx: Tx,
    table: Table,
    claims: Sequence[Claim[ClaimedRow]],
    pause_seconds: float,
    methods: Mapping[str, MethodFacts],
    error: Exception,
) -> None:
    """Call a person because ``error`` prevents storing an answer about a payment.

    Its claimed rows, at least one, are due again after a pause. For a receipt that is booked on another order, the
    call names that order.
    """
    at = now()
    due_at = at + timedelta(seconds=pause_seconds)
    payment_id = claims[0].payment.payment_id
    locked = await lock_payments(tx, [payment_id])
    if await end_claims(tx, table, dict.fromkeys(claims, due_at)):
        batch = LockedPayments(locked.values())
        payment = batch.payment(payment_id)
        terms = methods[payment.method].terms
        receipt_id = receipt_booked_already(error)
        other = await find_order_of_receipt(tx, payment.method, receipt_id) if receipt_id else ""
        if other and other != payment.order_code:
            batch.add(record_booked_elsewhere(payment, receipt_id, other, at))
        batch.add(settle_answer(batch.payment(payment_id), None, NOT_WRITTEN, at, terms))
        await batch.save(tx, methods, at, look_at={payment_id: due_at} if table is payments else {})


class LockedPayments:
    """Locked payments and the decisions about them. Each decision sees the payment as the earlier one left it.

    A payment is saved once, however many decisions change it.
    """

    def __init__(self, locked: Iterable[Payment]) -> None:
        self._locked = {payment.payment_id: payment for payment in locked}
        self._settled = {key: Settled(payment) for key, payment in self._locked.items()}
        self._causes: dict[UUID, Cause] = {}
        self._events: list[Event] = []

    def payment(self, payment_id: UUID) -> Payment:
        """Return a payment in its present state. Raises KeyError for a payment that is not locked here."""
        return self._settled[payment_id].payment

    def add(self, part: Settled) -> None:
        """Add a decision about one of the payments."""
        key, cause = part.payment.payment_id, current_cause()
        if part.steps or part.events or part.requests or part.payment != self.payment(key):
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
        """Save the changed payments and publish all events in the order of the decisions.

        The last events are the standings of payments with something unusual.
        """
        changed = []
        for key, one in self._settled.items():
            before = self._locked[key]
            if one.requests or one.payment != before:
                cause = self._causes[key]
                whole = with_standing(before, one, at)
                self._events += [event.following(cause) for event in whole.events[len(one.events) :]]
                changed.append(_moved_by(cause, whole))
        await save_all(tx, changed, methods, at, look_at=look_at)
        tx.say(*self._events)


def _moved_by(cause: Cause, settled: Settled) -> Settled:
    """Return ``settled`` with a payment that keeps its causing event. A deed of a person is not kept."""
    if cause.event_id is None:
        return settled
    return replace(settled, payment=settled.payment.changed(cause=cause))
