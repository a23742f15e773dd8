"""What became of a request: what its answers mean for it, for its payment, and for when it goes on. Pure but for the spread of
pauses."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from payments.payment.rules.answers import (
    Answer,
    CaptureDeclined,
    CaptureRefused,
    Declined,
    RefundDeclined,
    RefundWaiting,
    ShippingRefused,
    Unknown,
    Waiting,
)
from payments.payment.rules.drafting import Settled, and_then
from payments.payment.rules.moves import CONCLUDES, Operation
from payments.payment.rules.payment import MISMATCH, Payment
from payments.payment.rules.terms import Terms
from payments.payment.settle_payment import fitted, settle_all, with_attention
from payments.requests.rows import ClaimedRequest

PAUSE_SECONDS_MAX = 120.0
MISMATCH_PAUSE_SECONDS_MAX = 3_600.0
"""A person has been called; who cannot wait has the provider asked at once."""
BUYER_PAUSE_SECONDS = 60.0
SILENT_ATTEMPTS_MAX = 6
"""After so many attempts without an answer the desk is shown that something is stuck."""
WAITING_ATTEMPTS_MAX = 20
"""After so many answers that it is still under way, usually ten minutes, the desk is shown that a hold is neither here nor gone."""
_NEGATIVE = (Declined, CaptureDeclined, CaptureRefused, RefundDeclined, ShippingRefused)


@dataclass(frozen=True)
class Outcome:
    """What became of a request at one attempt: its ``state`` now, the answer that counts, and when it goes on."""

    state: str
    answer: Answer | None
    due_at: datetime | None


def outcome(request: ClaimedRequest, answers: Sequence[Answer], at: datetime) -> Outcome:
    """Return what the answers mean for the request itself."""
    operation: Operation = request.operation
    replies = answers[-1:] if operation == "refund" else answers
    final = next((one for one in reversed(replies) if isinstance(one, CONCLUDES[operation])), None)
    if final is not None or not answers:
        return Outcome(_closed_as(final, request.attempts), final, None)
    last = answers[-1]
    state = "unknown" if isinstance(last, Unknown) else "open"
    return Outcome(state, last, at + timedelta(seconds=pause_seconds(last, request.attempts)))


def _closed_as(final: Answer | None, attempts: int) -> str:
    if final is None:
        # No longer wanted. Unless this was its first turn, it may be what made it so.
        return "dropped" if attempts == 1 else "done"
    return "declined" if isinstance(final, _NEGATIVE) else "done"


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


def with_doubt(settled: Settled, became: Outcome, attempts: int, at: datetime, terms: Terms) -> Settled:
    """Show the desk a request that nobody answers, and no longer once it is over; what did not fit calls no longer once
    an answer fits."""
    if became.due_at is None:
        answered = replace(settled, payment=settled.payment.not_calling("no_answer"))
        return fitted(answered, at, terms)
    if became.state != "unknown":
        answered = fitted(settled, at, terms)
        waits = answered.payment.state in ("reauthorizing", "voiding") and attempts >= WAITING_ATTEMPTS_MAX
        return with_attention(answered, "no_answer") if waits else answered
    if MISMATCH in settled.payment.calls:
        return settled
    if became.state == "unknown" and attempts >= SILENT_ATTEMPTS_MAX:
        return with_attention(settled, "no_answer")
    return settled


def pause_seconds(last: Answer, attempts: int) -> float:
    """Each pause is longer than the last, spread a little, and not shorter than the provider asked for."""
    if isinstance(last, Waiting | RefundWaiting):
        return last.ask_again_seconds
    if not isinstance(last, Unknown):
        return BUYER_PAUSE_SECONDS
    longest = MISMATCH_PAUSE_SECONDS_MAX if last.mismatch else PAUSE_SECONDS_MAX
    growing = min(2.0 ** min(attempts, 12), longest) * random.uniform(0.8, 1.2)  # noqa: S311
    return max(growing, last.retry_after_seconds or 0)
