"""Sends requests to providers. A request is stored before it is sent.

It is sent again only after a look-up, with the same key, until there is a definite answer (M1, M5).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from payments.payment.claims import Claim, claims_of, last_claims
from payments.payment.locked_payments import (
    NOT_WRITTEN,
    LockedPayments,
    call_and_put_off,
    settle_answers,
)
from payments.payment.new_requests import REQUEST_WORK
from payments.payment.rows import lock_payments
from payments.payment.rules.answers import (
    Answer,
    Declined,
    RefundDeclined,
    RefundWaiting,
    Unknown,
    Voided,
    Waiting,
)
from payments.payment.rules.moves import CONCLUDES, NOT_YET, Operation
from payments.payment.rules.payment import MISMATCH, Payment
from payments.payment.rules.reports.checking import DEADLINE_PASSED
from payments.payment.rules.reports.known import reported_before
from payments.payment.rules.reports.objects import disowned_object
from payments.payment.rules.terms import Terms
from payments.payment.tables import payment_requests
from payments.requests.outcomes import (
    RequestOutcome,
    outcome,
    pause_seconds,
    settle_reply,
    with_doubt,
    without_disowned,
)
from payments.requests.provider_gate import ProviderGate
from payments.requests.refund_refusals import judge_refused_refund, needs_look_up
from payments.requests.refund_replies import never_sent, reply_of_look, with_refunded_before
from payments.requests.rows import ClaimedRequest, Ended, end_requests
from shared.cause import following
from shared.clock import now
from shared.crash import crash_point
from shared.database.transactions import Tx
from shared.due.work import DueWork

AFTER_VOID_SECONDS = 5.0
LEASE_SECONDS = 30
"""The lease in seconds: enough for a look-up and another question.

After a kill another worker starts so much later (M2: within 30 s).
"""
LINGER_SECONDS = 0.05
"""How long an answer waits for those of other requests in progress, in seconds. They are stored together."""
_STILL_OPEN = (Waiting, RefundWaiting, Unknown)


class Requests:
    """The due work of sending requests."""

    def __init__(self, gate: ProviderGate) -> None:
        self._gate = gate

    def due_work(self, *, concurrency: int) -> DueWork:
        """Return this object as due work."""
        return DueWork(
            REQUEST_WORK,
            payment_requests,
            self.perform,
            begin=claims_of,
            conclude=self.conclude,
            failed=self.failed,
            concurrency=concurrency,
            linger_seconds=LINGER_SECONDS,
            lease_seconds=LEASE_SECONDS,
            cause=lambda claim: claim.row.cause,
            kind=ClaimedRequest,
        )

    async def perform(self, claim: Claim[ClaimedRequest]) -> Sequence[Answer]:
        """Send the request. Return its answers; none if the request is no longer wanted."""
        answers = await self._ask(claim.payment, claim.row.operation, claim.row)
        crash_point("K12")
        return answers

    async def conclude(self, tx: Tx, done: Sequence[tuple[Claim[ClaimedRequest], Sequence[Answer]]]) -> None:
        """Store the answers and everything that follows from them, for the claims that this process still holds."""
        at = now()
        locked = await lock_payments(tx, {claim.payment.payment_id for claim, _ in done})
        outcomes = {
            claim: outcome(claim.row, without_disowned(locked[claim.payment.payment_id], answers), at)
            for claim, answers in done
        }
        batch = LockedPayments(locked.values())
        look_at = {}
        # Before new requests are stored: a request that has ended makes room for the next of its kind.
        still_claimed = await _end(tx, outcomes, at)
        for claim, answers in done:
            if claim in still_claimed:
                payment = batch.payment(claim.payment.payment_id)
                method, number = self._gate.methods[payment.method], claim.row.sequence
                settled = settle_reply(payment, claim.row.operation, answers, at, method.terms, number=number)
                with following(claim.row.cause):
                    became = outcomes[claim]
                    batch.add(with_doubt(settled, became, claim.row.attempts, at, method.terms))
                if claim.row.operation == "void" and payment.authorization_id and method.look_after:
                    # After the release of the hold, others may have taken money on the same agreement.
                    look_at[payment.payment_id] = at + timedelta(seconds=AFTER_VOID_SECONDS)
        await batch.save(tx, self._gate.methods, at, look_at=look_at)

    async def failed(self, tx: Tx, claim: Claim[ClaimedRequest], error: Exception) -> None:
        """Call a person because an answer could not be stored, and ask again later."""
        pause = pause_seconds(NOT_WRITTEN, claim.row.attempts)
        await call_and_put_off(tx, payment_requests, [claim], pause, self._gate.methods, error)

    async def _ask(self, payment: Payment, operation: Operation, request: ClaimedRequest) -> Sequence[Answer]:
        """Return the answers of the provider.

        A look-up comes first if the request may have been sent before, or if there may be an unknown refund.
        """
        if operation == "tell_shipped":
            return await self._tell_shipped(payment, request)
        if not payment.wants(operation, request.sequence):
            # A look-up reported earlier that the refund failed. Closed as declined, it may be requested again.
            failed = operation == "refund" and (payment.state == "owed" or "refund_failed" in payment.calls)
            return (RefundDeclined(reason="heard_by_a_look"),) if failed else ()
        found: Sequence[Answer] = ()
        if request.attempts > 1 or operation == "refund":
            found, decides = await self._look_first(payment, operation, request)
            if decides:
                return found
        if payment.order_cancelled and operation in ("authorize", "issue"):
            # Nothing exists, and nobody wants it any more. But the earlier request may still arrive. Its hold must not
            # stay. A number that nobody knows does no harm.
            return (*found, Voided(in_doubt=operation == "authorize" and request.attempts > 1))
        if is_abandoned(payment, operation, self._gate.methods[payment.method].terms, now()):
            return (*found, Declined(reason="buyer_abandoned", in_doubt=True))
        if payment.order_cancelled and operation == "reauthorize" and request.attempts == 1:
            return (*found, Declined(reason="declined", detail="order cancelled"))
        crash_point("K10")
        answer = await self._gate.make(operation, payment, amount=request.amount, key=request.request_id.hex)
        if needs_look_up(answer):
            before = found if never_sent(request) else ()
            *again, answer = await self._see(payment, request, before, answer)
            found = (*again, *found)
        crash_point("K11")
        if isinstance(answer, RefundWaiting) and answer.looks:
            # The method only looked the payment up, and requested nothing.
            answer = replace(answer, looks=request.attempts if never_sent(request) else 0)
        terms = self._gate.methods[payment.method].terms
        return (
            *found,
            with_refunded_before(payment, found, answer, now(), terms) if never_sent(request) else answer,
        )

    async def _look_first(
        self, payment: Payment, operation: Operation, request: ClaimedRequest
    ) -> tuple[Sequence[Answer], bool]:
        """Return the new answers of a look-up, and whether they decide the request, so that it is not sent now.

        Reports of disowned objects come first. They answer no request; while staff have not seen them, or other
        money is reported otherwise, no refund is sent.
        """
        looked_up = await self._gate.look_up(payment)
        again = [one for one in looked_up if disowned_object(payment, one)]
        # An older fact does not answer this request.
        found = [one for one in looked_up if one not in again and not reported_before(payment, one)]
        if operation == "issue" and (too_late := found_too_late(payment, request, found)) is not None:
            return (too_late,), True
        known = self._known(payment, operation, request, found)
        if known is not None:
            return (*again, *known), True
        if MISMATCH in payment.calls and (unfit := unfit_reply(request)) is not None:
            return (*again, *found, unfit), True
        terms = self._gate.methods[payment.method].terms
        if operation == "refund":
            after_look_up = settle_answers(payment, None, looked_up, now(), terms).payment
            if after_look_up.reported_otherwise:
                return (*again, *found, Unknown(reason="reported_otherwise", mismatch=True)), True
        return (*again, *found), False

    async def _see(
        self, payment: Payment, request: ClaimedRequest, before: Sequence[Answer], refused: Answer
    ) -> Sequence[Answer]:
        """Return the reports of disowned objects in a new look-up, and then the result of the refused refund."""
        after = await self._gate.look_up(payment)
        terms = self._gate.methods[payment.method].terms
        result = judge_refused_refund(
            payment, before, after, refused, amount=request.amount, at=now(), terms=terms
        )
        return (*(one for one in after if disowned_object(payment, one)), result)

    async def _tell_shipped(self, payment: Payment, request: ClaimedRequest) -> Sequence[Answer]:
        """Report the parcel, but not before the first answer about the money.

        A repetition does no harm, so no look-up comes first.
        """
        if not payment.wants("tell_shipped"):
            return ()
        if payment.state in NOT_YET:
            return (Waiting(),)
        parcel = payment.parcels[request.sequence - 1]
        return (await self._gate.tell_shipped(payment, parcel, key=request.request_id.hex),)

    def _known(
        self, payment: Payment, operation: Operation, request: ClaimedRequest, found: Sequence[Answer]
    ) -> Sequence[Answer] | None:
        """Return the answers of a look-up that replace the reply, or None if the request must still be sent."""
        if operation == "refund":
            terms = self._gate.methods[payment.method].terms
            reply = reply_of_look(payment, found, request, now(), terms)
            return None if reply is None else (*(one for one in found if one is not reply), reply)
        concluding = (*CONCLUDES[operation], *_STILL_OPEN)
        return found if any(isinstance(answer, concluding) for answer in found) else None


def is_abandoned(payment: Payment, operation: Operation, terms: Terms, at: datetime) -> bool:
    """Return whether the time limit of the buyer's visit is over without a result. Pure."""
    waits = operation in ("authorize", "issue") and payment.state == "waiting_for_buyer"
    return waits and terms.visit is not None and at > payment.placed_at + terms.visit


def found_too_late(
    payment: Payment, request: ClaimedRequest, found: Sequence[Answer]
) -> Declined | Voided | None:
    """Return the end of a request for a number that a look-up found only after its deadline; None for any other.

    Nobody was given the number, and no money is on it. So the request failed, and the number is closed. A person looks
    if the reply to the request itself had such a deadline.
    """
    if unfit_reply(request) is not None or len(found) != 1:
        return None
    [answer] = found
    if not isinstance(answer, Unknown) or answer.reason != DEADLINE_PASSED:
        return None
    if payment.order_cancelled:
        return Voided(refs=answer.refs)
    return Declined(reason="provider_error", detail=DEADLINE_PASSED, in_doubt=True, refs=answer.refs)


def unfit_reply(request: ClaimedRequest) -> Unknown | None:
    """Return the stored reply to a request if it did not fit. The request is not sent again until a person has looked."""
    stored = request.answer or {}
    if not stored.get("to_request"):
        return None
    return Unknown(reason=stored["reason"], mismatch=True, to_request=True)


async def _end(
    tx: Tx, outcomes: Mapping[Claim[ClaimedRequest], RequestOutcome], at: datetime
) -> set[Claim[ClaimedRequest]]:
    last = last_claims(payment_requests, outcomes)
    ended = []
    for request_id, claim in last.items():
        became = outcomes[claim]
        ended.append(Ended(request_id, claim.row.lease, became.state, became.answer, became.due_at))
    still_claimed = await end_requests(tx, ended, at)
    return {claim for request_id, claim in last.items() if request_id in still_claimed}
