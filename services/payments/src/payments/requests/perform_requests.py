"""Performs requests to providers. What was asked is on disk before it is asked, and asked again only after
the provider was looked up, with the same key, until there is a definite answer (M1, M5)."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from payments.payment.claims import Claim, claims_of, last_claims
from payments.payment.requests import REQUEST_WORK
from payments.payment.rows import lock_payments
from payments.payment.rules.answers import (
    Answer,
    CaptureDeclined,
    CaptureRefused,
    Declined,
    RefundDeclined,
    Refunded,
    RefundWaiting,
    ShippingRefused,
    Unknown,
    Voided,
    Waiting,
)
from payments.payment.rules.drafting import Settled, and_then
from payments.payment.rules.moves import CONCLUDES, NOT_YET, Operation
from payments.payment.rules.old_news import heard_before
from payments.payment.rules.payment import MISMATCH, Payment
from payments.payment.rules.terms import Terms
from payments.payment.settle_payment import (
    NOT_WRITTEN,
    Batch,
    call_and_put_off,
    fitted,
    settle_all,
    with_attention,
)
from payments.payment.tables import payment_requests
from payments.requests.calls import Calls
from payments.requests.refused_refunds import is_to_be_seen, seen
from payments.requests.rows import ClaimedRequest, Ended, end_requests
from shared.cause import following
from shared.clock import now
from shared.crash import crash_point
from shared.database.transactions import Tx
from shared.due.work import DueWork

PAUSE_SECONDS_MAX = 120.0
MISMATCH_PAUSE_SECONDS_MAX = 3_600.0
"""A person has been called; who cannot wait has the provider asked at once."""
BUYER_PAUSE_SECONDS = 60.0
AFTER_VOID_SECONDS = 5.0
SILENT_ATTEMPTS_MAX = 6
"""After so many attempts without an answer the desk is shown that something is stuck."""
LEASE_SECONDS = 30
"""Room for a look-up and a call; another worker takes over this long after a kill (promise M2: within 30 s)."""
LINGER_SECONDS = 0.03
"""How long an answer waits for those of the other requests in hand, to be written down with them."""
_NEGATIVE = (Declined, CaptureDeclined, CaptureRefused, RefundDeclined, ShippingRefused)
_STILL_OPEN = (Waiting, RefundWaiting, Unknown)


@dataclass(frozen=True)
class Outcome:
    """What became of a request at one attempt: its ``state`` now, the answer that counts, and when it goes on."""

    state: str
    answer: Answer | None
    due_at: datetime | None


class Requests:
    """The due work of asking providers."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def due_work(self, *, concurrency: int) -> DueWork:
        """Return this as due work."""
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
        """Ask the provider; return its answers, none if the request is no longer wanted."""
        answers = await self._ask(claim.payment, claim.row.operation, claim.row)
        crash_point("K12")
        return answers

    async def conclude(self, tx: Tx, done: Sequence[tuple[Claim[ClaimedRequest], Sequence[Answer]]]) -> None:
        """Write down what was answered and all that follows from it, for the claims that are still ours."""
        at = now()
        outcomes = {claim: outcome(claim.row, answers, at) for claim, answers in done}
        batch = Batch((await lock_payments(tx, {claim.payment.payment_id for claim, _ in done})).values())
        look_at = {}
        # Before anything new is asked for: a request that has ended makes room for the next of its kind.
        ours = await _end(tx, outcomes, at)
        for claim, answers in done:
            if claim in ours:
                payment = batch.payment(claim.payment.payment_id)
                method, number = self._calls.methods[payment.method], claim.row.sequence
                settled = settle_reply(payment, claim.row.operation, answers, at, method.terms, number=number)
                with following(claim.row.cause):
                    became = outcomes[claim]
                    batch.add(_with_doubt(settled, became, claim.row.attempts, at, method.terms))
                if claim.row.operation == "void" and payment.authorization_id and method.look_after:
                    # While it was let go, others may have taken money on the same agreement.
                    look_at[payment.payment_id] = at + timedelta(seconds=AFTER_VOID_SECONDS)
        await batch.save(tx, self._calls.methods, at, look_at=look_at)

    async def failed(self, tx: Tx, claim: Claim[ClaimedRequest], error: Exception) -> None:
        """Call a person where an answer could not be written down, and ask again later."""
        pause = _pause_seconds(NOT_WRITTEN, claim.row.attempts)
        await call_and_put_off(tx, payment_requests, [claim], pause, self._calls.methods, error)

    async def _ask(self, payment: Payment, operation: Operation, request: ClaimedRequest) -> Sequence[Answer]:
        """Return what the provider says, looked up first if it may have been asked before, or may have given money
        back that we do not know of."""
        if operation == "tell_shipped":
            return await self._tell_shipped(payment, request)
        if not payment.wants(operation, request.sequence):
            # A look was quicker to learn that the refund failed; closed as declined, it may be made anew.
            failed = operation == "refund" and (payment.state == "owed" or "refund_failed" in payment.calls)
            return (RefundDeclined(reason="heard_by_a_look"),) if failed else ()
        found: Sequence[Answer] = ()
        if request.attempts > 1 or operation == "refund":
            looked_up = await self._calls.look_up(payment)
            # What ended earlier is not the answer to this one.
            found = [answer for answer in looked_up if not heard_before(payment, answer)]
            known = self._known(payment, operation, request, found)
            if known is not None:
                return known
            if MISMATCH in payment.calls and (unfit := unfit_reply(request)) is not None:
                return (*found, unfit)
        if payment.order_cancelled and operation in ("authorize", "issue"):
            # Nothing is there, and nobody wants it any more. But what was asked for before may still arrive: a hold
            # must not stay then, while a number that nobody knows does no harm.
            return (*found, Voided(in_doubt=operation == "authorize" and request.attempts > 1))
        if is_abandoned(payment, operation, self._calls.methods[payment.method].terms, now()):
            return (*found, Declined(reason="buyer_abandoned", in_doubt=True))
        if payment.order_cancelled and operation == "reauthorize" and request.attempts == 1:
            return (*found, Declined(reason="declined", detail="order cancelled"))
        crash_point("K10")
        answer = await self._calls.make(operation, payment, amount=request.amount, key=request.request_id.hex)
        if is_to_be_seen(answer):
            before = found if never_asked(request) else ()
            answer = await self._see(payment, request, before, answer)
        crash_point("K11")
        if isinstance(answer, RefundWaiting) and answer.looks:
            # The method only looked: nothing was asked for.
            answer = replace(answer, looks=request.attempts if never_asked(request) else 0)
        terms = self._calls.methods[payment.method].terms
        return (*found, set_apart(payment, found, answer, terms) if never_asked(request) else answer)

    async def _see(
        self, payment: Payment, request: ClaimedRequest, before: Sequence[Answer], refused: Answer
    ) -> Answer:
        """Return what became of a refund that was refused, as a look right after it tells."""
        after = await self._calls.look_up(payment)
        terms = self._calls.methods[payment.method].terms
        return seen(payment, before, after, refused, amount=request.amount, at=now(), terms=terms)

    async def _tell_shipped(self, payment: Payment, request: ClaimedRequest) -> Sequence[Answer]:
        """Tell of the parcel, which does no harm twice, so nothing is looked up; not before the first word about the
        money is here."""
        if not payment.wants("tell_shipped"):
            return ()
        if payment.state in NOT_YET:
            return (Waiting(),)
        parcel = payment.parcels[request.sequence - 1]
        return (await self._calls.tell_shipped(payment, parcel, key=request.request_id.hex),)

    def _known(
        self, payment: Payment, operation: Operation, request: ClaimedRequest, found: Sequence[Answer]
    ) -> Sequence[Answer] | None:
        """Return what a look has to say in place of the provider's answer; None if the call is to be made."""
        if operation == "refund":
            terms = self._calls.methods[payment.method].terms
            reply = reply_of_look(payment, found, request, terms)
            return None if reply is None else (*(one for one in found if one is not reply), reply)
        over = (*CONCLUDES[operation], *_STILL_OPEN)
        return found if any(isinstance(answer, over) for answer in found) else None


def is_abandoned(payment: Payment, operation: Operation, terms: Terms, at: datetime) -> bool:
    """Tell whether the buyer's time for the visit at the provider is over, and nothing came of it. Pure."""
    waits = operation in ("authorize", "issue") and payment.state == "waiting_for_buyer"
    return waits and terms.visit is not None and at > payment.placed_at + terms.visit


def never_asked(request: ClaimedRequest) -> bool:
    """Tell whether no attempt before this one can have reached the provider: all they did was look."""
    return bool(request.attempts == 1 or (request.answer or {}).get("looks") == request.attempts - 1)


def unfit_reply(request: ClaimedRequest) -> Unknown | None:
    """Return what was replied to a request that did not fit: until a person has looked it is not made again."""
    told = request.answer or {}
    if not told.get("to_request"):
        return None
    return Unknown(reason=told["reason"], mismatch=True, to_request=True)


def reply_of_look(
    payment: Payment, found: Sequence[Answer], request: ClaimedRequest, terms: Terms
) -> Answer | None:
    """Return what a look replies to a request for a refund: by the id that the request has learnt, or that it is not to be
    made now, or no more. None if only the provider's answer to the request itself can tell. Pure."""
    if silent := [one for one in found if isinstance(one, Unknown)]:
        return silent[-1]
    refunds = [one for one in found if isinstance(one, Refunded | RefundWaiting | RefundDeclined)]
    settled = settle_all(payment, None, found, now(), terms).payment
    if ours := [one for one in refunds if _is_of(payment, one)]:
        under_way = [one for one in ours if isinstance(one, RefundWaiting)]
        if under_way or not settled.wants("refund", request.sequence):
            return (under_way or ours)[-1]
    asked = not never_asked(request)
    if not asked and any(isinstance(one, RefundWaiting) for one in refunds):
        return RefundWaiting(looks=request.attempts)
    if not settled.wants("refund", request.sequence):
        done = _taken_for_ours(payment, refunds, request) if asked else None
        return done or RefundDeclined(reason="nothing_left")
    if not asked and settled.refundable_amount < request.amount:
        # Others gave back part of it, or all: so much is not asked for.
        return RefundDeclined(reason="amount_changed")
    return None


def _taken_for_ours(payment: Payment, news: Sequence[Answer], request: ClaimedRequest) -> Refunded | None:
    """Return the refund that a request without an answer is taken for: one as large among the ``news`` of a look, or
    what an earlier look was booked as. None if there is none."""
    same = [one for one in news if isinstance(one, Refunded) and one.amount == request.amount]
    if same:
        return same[-1]
    presumed = payment.our_refund.presumed_ref
    return Refunded(refund_ref=presumed, amount=payment.refund_asked_amount) if presumed else None


def _is_of(payment: Payment, told: Refunded | RefundWaiting | RefundDeclined) -> bool:
    refs = told.refund_refs if isinstance(told, RefundWaiting) else (told.refund_ref,)
    return any(payment.is_ours(ref) for ref in refs)


def set_apart(payment: Payment, found: Sequence[Answer], answer: Answer, terms: Terms) -> Answer:
    """Return the answer to a refund asked for the first time: what went back before is not its. Pure."""
    if not isinstance(answer, Refunded | RefundWaiting | Unknown):
        return answer
    before = settle_all(payment, None, found, now(), terms).payment
    return replace(answer, told_before=before.told_refunds_amount)


async def _end(
    tx: Tx, outcomes: Mapping[Claim[ClaimedRequest], Outcome], at: datetime
) -> set[Claim[ClaimedRequest]]:
    last = last_claims(payment_requests, outcomes)
    ended = []
    for request_id, claim in last.items():
        became = outcomes[claim]
        ended.append(Ended(request_id, claim.row.lease, became.state, became.answer, became.due_at))
    ours = await end_requests(tx, ended, at)
    return {claim for request_id, claim in last.items() if request_id in ours}


def settle_reply(
    payment: Payment,
    operation: Operation,
    answers: Sequence[Answer],
    at: datetime,
    terms: Terms,
    *,
    number: int = 0,
) -> Settled:
    """Settle the reply to a request, which of a refund is the last answer: what a look found before it is nobody's. What is
    told of a refund in whose place another was asked for since (``number``) ends nothing. Pure."""
    if operation != "refund" or not answers:
        return settle_all(payment, operation, answers, at, terms)
    if not payment.has_asked(number):
        return settle_all(payment, None, answers, at, terms)
    before = settle_all(payment, None, answers[:-1], at, terms)
    return and_then(before, settle_all(before.payment, operation, answers[-1:], at, terms))


def outcome(request: ClaimedRequest, answers: Sequence[Answer], at: datetime) -> Outcome:
    """Return what the answers mean for the request itself."""
    operation: Operation = request.operation
    replies = answers[-1:] if operation == "refund" else answers
    final = next((one for one in reversed(replies) if isinstance(one, CONCLUDES[operation])), None)
    if final is not None or not answers:
        return Outcome(_closed_as(final, request.attempts), final, None)
    last = answers[-1]
    state = "unknown" if isinstance(last, Unknown) else "open"
    return Outcome(state, last, at + timedelta(seconds=_pause_seconds(last, request.attempts)))


def _closed_as(final: Answer | None, attempts: int) -> str:
    if final is None:
        # No longer wanted. Unless this was its first turn, it may be what made it so.
        return "dropped" if attempts == 1 else "done"
    return "declined" if isinstance(final, _NEGATIVE) else "done"


def _with_doubt(settled: Settled, became: Outcome, attempts: int, at: datetime, terms: Terms) -> Settled:
    """Show the desk a request that nobody answers, and no longer once it is over; what did not fit calls no longer once
    an answer fits."""
    if became.due_at is None:
        answered = replace(settled, payment=settled.payment.not_calling("no_answer"))
        return fitted(answered, at, terms)
    if became.state != "unknown":
        return fitted(settled, at, terms)
    if MISMATCH in settled.payment.calls:
        return settled
    if became.state == "unknown" and attempts >= SILENT_ATTEMPTS_MAX:
        return with_attention(settled, "no_answer")
    return settled


def _pause_seconds(last: Answer, attempts: int) -> float:
    """Each pause is longer than the last, spread a little, and not shorter than the provider asked for."""
    if isinstance(last, Waiting | RefundWaiting):
        return last.ask_again_seconds
    if not isinstance(last, Unknown):
        return BUYER_PAUSE_SECONDS
    longest = MISMATCH_PAUSE_SECONDS_MAX if last.mismatch else PAUSE_SECONDS_MAX
    growing = min(2.0 ** min(attempts, 12), longest) * random.uniform(0.8, 1.2)  # noqa: S311
    return max(growing, last.retry_after_seconds or 0)
