"""What a rule decides while it runs: the changed payment, and everything that follows from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from payments.payment.rules.books import journal
from payments.payment.rules.books.journal import JournalEntry
from payments.payment.rules.call_table import BEGUN_BY, ENDED_BY, CallBegin, CallEnd
from payments.payment.rules.details import Loss, OurRefund
from payments.payment.rules.moves import NEXT, OVER, Operation, RefundRequested, State, VoidRequested
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms
from shared.cause import NO_CAUSE, Cause
from shared.events import CaptureRejected, Event


@dataclass(frozen=True)
class PaymentStep:
    """One line of a payment's history: its ``state`` after it, the reason ``because``, and the person ``by``."""

    version: int
    state: State
    because: str
    by: str = ""
    note: str = ""


@dataclass(frozen=True)
class NewRequest:
    """A request to the provider, the ``sequence``-th of its kind, with its cause."""

    operation: Operation
    amount: int
    sequence: int = 1
    cause: Cause = NO_CAUSE


@dataclass(frozen=True)
class Settled:
    """The result of a rule: the payment now, and what is committed together with it."""

    payment: Payment
    steps: tuple[PaymentStep, ...] = ()
    events: tuple[Event, ...] = ()
    requests: tuple[NewRequest, ...] = ()
    entries: tuple[JournalEntry, ...] = ()
    denied: tuple[Operation, ...] = ()
    """Open requests that were not done, as staff decided. They end as declined, so that others of their kind can
    follow."""


Rule = Callable[[Payment, Terms, datetime], Settled]
"""What becomes of a payment, by the terms of its method, at a moment."""


def because_of(cause: Cause, part: Settled) -> Settled:
    """Return ``part`` with ``cause`` as the cause of its events and requests. Pure."""
    return replace(
        part,
        events=tuple(event.following(cause) for event in part.events),
        requests=tuple(replace(request, cause=cause) for request in part.requests),
    )


def and_then(whole: Settled, part: Settled) -> Settled:
    """Return the sum of two results. ``part`` began where ``whole`` ended. Pure."""
    return Settled(
        payment=part.payment,
        steps=whole.steps + part.steps,
        events=whole.events + part.events,
        requests=whole.requests + part.requests,
        entries=whole.entries + part.entries,
        denied=whole.denied + part.denied,
    )


class Draft:
    """Collects what a rule decides. It exists only inside one rule.

    ``by`` is the person who does it. ``requested_by`` is the person who requested what a provider did.
    """

    def __init__(self, payment: Payment, at: datetime, by: str = "", requested_by: str = "") -> None:
        self.payment = payment
        self.at = at
        self.by = by
        self.requested_by = requested_by
        self._steps: list[PaymentStep] = []
        self._events: list[Event] = []
        self._requests: list[NewRequest] = []
        self._entries: list[JournalEntry] = []
        self._denied: tuple[Operation, ...] = ()

    @property
    def person(self) -> str:
        """Return the person who does this, or who requested it from the provider; empty for nobody."""
        return self.by or self.requested_by

    def done(self) -> Settled:
        """Return what was collected."""
        return Settled(
            self.payment,
            tuple(self._steps),
            tuple(self._events),
            tuple(self._requests),
            tuple(self._entries),
            self._denied,
        )

    def change(self, **changes: Any) -> None:
        """Set fields of the payment other than its state."""
        self.payment = self.payment.changed(**changes)

    def call(self, begin: CallBegin) -> None:
        """Add the call for a person that this begins (``call_table.py``), beside the other calls."""
        self.payment = self.payment.with_call(BEGUN_BY[begin])

    def end_calls(self, end: CallEnd) -> None:
        """Remove the calls that this ends (``call_table.py``)."""
        self.payment = self.payment.without_calls(*ENDED_BY[end])

    def remember(self, refs: Mapping[str, str]) -> None:
        """Merge the provider's ids into the payment."""
        if refs:
            self.change(refs={**self.payment.refs, **refs})

    def move(self, by: type, because: str) -> bool:
        """Move to the state that the table has for ``by``. Return False, without a change, if it has none."""
        state = NEXT[self.payment.state].get(by)
        if state is None:
            return False
        if state != self.payment.state:
            self.change(state=state)
            self.note(because)
        return True

    def note(self, because: str, text: str = "") -> None:
        """Add a line to the history: what happened, and who did it."""
        version = self.payment.version + 1
        self.change(version=version)
        self._steps.append(PaymentStep(version, self.payment.state, because, self.by, text))

    def request(self, operation: Operation, amount: int, *, of_sale: bool = False) -> None:
        """Add a request to the provider. One refund is in progress at a time.

        ``of_sale``: the refund may take from the money that paid for an order that goes on.
        """
        number = self.payment.sequence_of(operation)
        self._requests.append(NewRequest(operation, amount, number))
        self.change(requested_by=self.person)
        if operation == "refund":
            our_refund = OurRefund(number, refunded_before=self.payment.reported_refunds_amount)
            self.change(refund_requested_amount=amount, refund_of_sale=of_sale, our_refund=our_refund)

    def deny(self, *operations: Operation) -> None:
        """End the open requests of these kinds. They had no effect."""
        self._denied += operations

    def end_refund(self) -> None:
        """Record that no refund of Noren is in progress any more."""
        self.change(refund_requested_amount=0, our_refund=OurRefund(self.payment.our_refund.number))

    def book(self, *entries: JournalEntry) -> None:
        """Add journal entries. Entries of 0 yen are left out."""
        self._entries += [entry for entry in entries if entry.amount]

    def say(self, kind: type[Event], **fields: Any) -> None:
        """Publish an event about this payment, with the name of the person who does it."""
        payment = self.payment
        about: dict[str, Any] = {
            "order_code": payment.order_code,
            "payment_id": payment.payment_id,
            "payment_kind": payment.method,
            "by": self.by,
        }
        self._events.append(kind(**{**about, **fields}, occurred_at=self.at))

    def reject_capture(self, reason: str) -> None:
        """Publish that the requested money will not come this way."""
        self.say(CaptureRejected, reason=reason)

    def return_unneeded_money(self) -> None:
        """Release or refund what a cancelled order holds, and continue a refund that waited for something."""
        cancelled = self.payment.order_cancelled
        if cancelled:
            self.end_calls("order cancelled")
            if not any(loss.kind == "receipt" for loss in self.payment.losses):
                # Nothing has to be sent, and nothing was lost.
                self.end_calls("order cancelled, and no receipt lost")
        if cancelled or self.payment.state == "refunding":
            self.release_or_refund("order cancelled")

    def release_or_refund(self, because: str) -> None:
        """Release or refund what the payment holds, as far as its state allows it now. The rest follows later.

        Noren waits for one refund before the next. These cases are left to a person:

        - a refund that failed, or that nobody can explain;
        - disputed money;
        - money that comes after a bank took back what was here.
        """
        payment = self.payment
        if "refund_failed" in payment.calls or payment.open_chargebacks or payment.refund_requested_amount:
            return
        if payment.held_amount and payment.refunds_stopped:
            return
        if payment.lost_to_a_bank and payment.state in OVER:
            if payment.held_amount:
                self.call("money after a loss to a bank")
            return
        # A refund that waited for a chargeback is not in progress any more.
        waited = payment.state == "refunding"
        if payment.held_amount > 0 and (waited or self.move(RefundRequested, because)):
            # Nobody waits for the rest any more.
            self.end_calls("all money requested back")
            self.request("refund", payment.held_amount)
            return
        if payment.contradicted and payment.authorization_id:
            # It is not certain whose hold it is, or whether it was captured.
            return
        requested = payment.state not in OVER and self.move(VoidRequested, because)
        if requested and self.payment.state == "voiding":
            self.request("void", payment.amount)

    def take_back_amount(self, receipt_id: str, amount: int, explained_by: str = "") -> tuple[int, int]:
        """Book that ``amount`` yen of a receipt were taken back, out of suspense first.

        Return the amounts out of suspense and out of the sale.
        """
        payment = self.payment
        from_suspense = min(amount, payment.spare_amount)
        from_sale = amount - from_suspense
        entries = (
            journal.suspense_taken_back(receipt_id, from_suspense),
            journal.sale_taken_back(receipt_id, from_sale),
        )
        self.book(*(journal.covered(one, explained_by) if explained_by else one for one in entries))
        self.change(
            suspense_amount=payment.suspense_amount - from_suspense,
            captured_amount=payment.captured_amount - from_sale,
        )
        return from_suspense, from_sale

    def lose(self, loss: Loss) -> None:
        """Book what was refunded, or taken back, beyond the money that is here."""
        if loss.amount:
            self.book(journal.lost(loss.kind, loss.ref, loss.amount))
            self.change(losses=(*self.payment.losses, loss))
