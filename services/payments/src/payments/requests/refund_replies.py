"""How a look-up replies to a request for a refund."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from payments.payment.locked_payments import settle_answers
from payments.payment.rules.answers import Answer, RefundDeclined, Refunded, RefundWaiting, Unknown
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms
from payments.requests.rows import ClaimedRequest


def never_sent(request: ClaimedRequest) -> bool:
    """Return whether no earlier attempt can have reached the provider: all of them only looked the payment up."""
    return bool(request.attempts == 1 or (request.answer or {}).get("looks") == request.attempts - 1)


def reply_of_look(
    payment: Payment, found: Sequence[Answer], request: ClaimedRequest, at: datetime, terms: Terms
) -> Answer | None:
    """Return the reply of a look-up to a request for a refund. Pure.

    It is found by the provider's id of the request, or it states that the refund is not possible now, or not needed
    any more. None if only the answer to the request itself can decide.
    """
    if silent := [one for one in found if isinstance(one, Unknown)]:
        return silent[-1]
    refunds = [one for one in found if isinstance(one, Refunded | RefundWaiting | RefundDeclined)]
    settled = settle_answers(payment, None, found, at, terms).payment
    if own_refunds := [one for one in refunds if _is_of(payment, one)]:
        under_way = [one for one in own_refunds if isinstance(one, RefundWaiting)]
        if under_way or not settled.wants("refund", request.sequence):
            return (under_way or own_refunds)[-1]
    was_sent = not never_sent(request)
    if not was_sent and any(isinstance(one, RefundWaiting) for one in refunds):
        return RefundWaiting(looks=request.attempts)
    if not settled.wants("refund", request.sequence):
        done = _presumed_own_refund(payment, refunds, request) if was_sent else None
        return done or RefundDeclined(reason="nothing_left")
    if not was_sent and settled.refundable_amount < request.amount:
        # Others refunded a part of it, or all. This amount is not requested.
        return RefundDeclined(reason="amount_changed")
    return None


def _presumed_own_refund(
    payment: Payment, answers: Sequence[Answer], request: ClaimedRequest
) -> Refunded | None:
    """Return the refund that is presumed to be that of a request without an answer, or None.

    It is a reported refund of equal amount in ``answers``, or the one that an earlier look-up presumed.
    """
    same = [one for one in answers if isinstance(one, Refunded) and one.amount == request.amount]
    if same:
        return same[-1]
    presumed = payment.our_refund.presumed_ref
    return Refunded(refund_ref=presumed, amount=payment.refund_requested_amount) if presumed else None


def _is_of(payment: Payment, reported: Refunded | RefundWaiting | RefundDeclined) -> bool:
    refs = reported.refund_refs if isinstance(reported, RefundWaiting) else (reported.refund_ref,)
    return any(payment.is_ours(ref) for ref in refs)


def with_refunded_before(
    payment: Payment, found: Sequence[Answer], answer: Answer, at: datetime, terms: Terms
) -> Answer:
    """Return the answer to the first attempt of a refund, with the refunds before it set apart. Pure."""
    if not isinstance(answer, Refunded | RefundWaiting | Unknown):
        return answer
    before = settle_answers(payment, None, found, at, terms).payment
    return replace(answer, refunded_before=before.reported_refunds_amount)
