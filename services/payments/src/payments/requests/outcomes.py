"""What answers mean for a request, for its payment, and for the next attempt. Pure, except for the spread of the pauses."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from payments.payment.locked_payments import end_mismatch, settle_answers
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
from payments.payment.rules.call_table import BEGUN_BY, ENDED_BY
from payments.payment.rules.drafting import Settled, and_then
from payments.payment.rules.moves import CONCLUDES, Operation
from payments.payment.rules.payment import MISMATCH, Payment
from payments.payment.rules.reports.objects import disowned_object
from payments.payment.rules.terms import Terms
from payments.requests.rows import ClaimedRequest

PAUSE_SECONDS_MAX = 120.0
MISMATCH_PAUSE_SECONDS_MAX = 3_600.0
"""The longest pause in seconds after a mismatch. A person was called, and can have the provider asked immediately."""
BUYER_PAUSE_SECONDS = 60.0
SILENT_ATTEMPTS_MAX = 6
"""After so many attempts without an answer, the desk shows a call."""
WAITING_ATTEMPTS_MAX = 20
"""After so many "in progress" answers, usually ten minutes, the desk shows a call about the hold."""
NAMES_DISOWNED = Unknown(reason="names_disowned", mismatch=True, to_request=True)
"""Replaces an answer to a request that names a disowned object."""
_NEGATIVE = (Declined, CaptureDeclined, CaptureRefused, RefundDeclined, ShippingRefused)


@dataclass(frozen=True)
class RequestOutcome:
    """The result of one attempt: the ``state`` of the request, the answer that counts, and the time of the next attempt."""

    state: str
    answer: Answer | None
    due_at: datetime | None


def outcome(request: ClaimedRequest, answers: Sequence[Answer], at: datetime) -> RequestOutcome:
    """Return what the answers mean for the request itself."""
    operation: Operation = request.operation
    replies = answers[-1:] if operation == "refund" else answers
    final = next((one for one in reversed(replies) if isinstance(one, CONCLUDES[operation])), None)
    if final is not None or not answers:
        return RequestOutcome(_closed_as(final, request.attempts), final, None)
    last = answers[-1]
    state = "unknown" if isinstance(last, Unknown) else "open"
    return RequestOutcome(state, last, at + timedelta(seconds=pause_seconds(last, request.attempts)))


def without_disowned(payment: Payment, answers: Sequence[Answer]) -> Sequence[Answer]:
    """Return the answers to a request without reports of disowned objects. Pure.

    If the last answer is such a report, the request is in doubt: staff decide whose the object is.
    """
    if not payment.disowned or not answers:
        return answers
    fitting = [one for one in answers if not disowned_object(payment, one)]
    doubt = (NAMES_DISOWNED,) if disowned_object(payment, answers[-1]) else ()
    return (*fitting, *doubt)


def _closed_as(final: Answer | None, attempts: int) -> str:
    if final is None:
        # The request is no longer wanted. Unless this was its first attempt, the request itself may be the reason.
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
    """Apply the reply to a request. Pure.

    For a refund only the last answer is the reply; a look-up before it replies to no request. If a later refund
    replaced the request (``number``), the answer ends nothing. An answer that names a disowned object ends nothing
    either: a person is called.
    """
    about = [one for one in answers if disowned_object(payment, one)]
    told = settle_answers(payment, None, about, at, terms)
    fitting = without_disowned(payment, answers)
    return and_then(told, _settle_fitting(told.payment, operation, fitting, at, terms, number))


def _settle_fitting(
    payment: Payment,
    operation: Operation,
    answers: Sequence[Answer],
    at: datetime,
    terms: Terms,
    number: int,
) -> Settled:
    if operation != "refund" or not answers:
        return settle_answers(payment, operation, answers, at, terms)
    if not payment.is_latest_refund(number):
        return settle_answers(payment, None, answers, at, terms)
    before = settle_answers(payment, None, answers[:-1], at, terms)
    return and_then(before, settle_answers(before.payment, operation, answers[-1:], at, terms))


def with_doubt(
    settled: Settled, became: RequestOutcome, attempts: int, at: datetime, terms: Terms
) -> Settled:
    """Add a call for a request that nobody answers, and remove it after the request ended.

    The call about a mismatch is removed after an answer that fits.
    """
    if became.due_at is None:
        answered = replace(settled, payment=settled.payment.without_calls(*ENDED_BY["request answered"]))
        return end_mismatch(answered, at, terms)
    if became.state != "unknown":
        answered = end_mismatch(settled, at, terms)
        waits = answered.payment.state in ("reauthorizing", "voiding") and attempts >= WAITING_ATTEMPTS_MAX
        return _with_silence_called(answered) if waits else answered
    if MISMATCH in settled.payment.calls:
        return settled
    if became.state == "unknown" and attempts >= SILENT_ATTEMPTS_MAX:
        return _with_silence_called(settled)
    return settled


def _with_silence_called(settled: Settled) -> Settled:
    """Return ``settled`` with the call about a request without an answer on its payment."""
    return replace(settled, payment=settled.payment.with_call(BEGUN_BY["request without an answer"]))


def pause_seconds(last: Answer, attempts: int) -> float:
    """Return the pause before the next attempt, in seconds.

    Pauses grow, are spread a little, and are not shorter than the provider asked for.
    """
    if isinstance(last, Waiting | RefundWaiting):
        return last.ask_again_seconds
    if not isinstance(last, Unknown):
        return BUYER_PAUSE_SECONDS
    longest = MISMATCH_PAUSE_SECONDS_MAX if last.mismatch else PAUSE_SECONDS_MAX
    growing = min(2.0 ** min(attempts, 12), longest) * random.uniform(0.8, 1.2)  # noqa: S311
    return max(growing, last.retry_after_seconds or 0)
