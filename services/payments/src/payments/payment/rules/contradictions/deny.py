"""A request in progress was not done, as staff saw at the provider. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from payments.payment.rules.answers import (
    Answer,
    CaptureRefused,
    Declined,
    RefundDeclined,
)
from payments.payment.rules.details import Disowned
from payments.payment.rules.drafting import Draft, Settled, and_then
from payments.payment.rules.moves import NOT_YET, Operation, State
from payments.payment.rules.payment import MISMATCH, Payment
from payments.payment.rules.refunds.answers import record_declined_refund
from payments.payment.rules.settling import settle_answer
from payments.payment.rules.terms import Terms

DENIED = "request denied"


def may_deny(payment: Payment) -> bool:
    """Return whether a request is in progress whose answer does not fit it."""
    return payment.contradicted and MISMATCH in payment.calls and payment.awaits_an_answer


def deny(payment: Payment, terms: Terms, at: datetime, *, by: str) -> Settled:
    """End a request that was not done for this order, as staff saw in the provider's console. It decides nothing else.

    - What the request was about stays as it is: a capture that was not done leaves the hold, and the release of a hold
      or number is requested anew.
    - What only the answer named is disowned. If it is this order's after all, the next report of it calls a person.
    - What is booked stays booked. If its owner is in doubt, it stays in doubt.
    """
    draft = Draft(payment, at, by)
    if not may_deny(payment):
        return draft.done()
    draft.note(DENIED)
    draft.deny(*_under_way(payment))
    named = {**_named_by_the_answer(payment), **payment.disowned}
    doubted = tuple(ref for ref in payment.refs_of_others if payment.has_booked(ref))
    draft.change(disowned=named, refs_of_others=doubted, unfit_refund_refs=())
    if not doubted:
        draft.payment = draft.payment.without_mismatch
    if payment.refund_requested_amount:
        draft.change(our_refund=replace(payment.our_refund, refs=()))
        record_declined_refund(draft, RefundDeclined(reason="denied"), DENIED, by_noren=True)
        return draft.done()
    if payment.state == "voiding":
        draft.request("void", payment.amount)
        draft.change(requested_by=payment.requested_by)
        return draft.done()
    request_ended = settle_answer(
        draft.payment, None, _answer_not_done(payment), at, terms, because=DENIED, by=by
    )
    return and_then(draft.done(), request_ended)


def _named_by_the_answer(payment: Payment) -> dict[str, Disowned]:
    """Return the objects that only the answer to the request in progress named, and that may belong to others.

    While the first answer is awaited, these are none: any of them may be what the order is to be paid by.
    """
    if payment.state in NOT_YET:
        return {}
    own = {payment.authorization_id, *payment.ended_holds, *payment.refs.values()}
    others = [ref for ref in payment.refs_of_others if ref not in own]
    named = [*others, *payment.unfit_refund_refs, *payment.our_refund.refs]
    if not payment.refund_requested_amount:
        return {ref: Disowned("hold") for ref in others if not payment.has_booked(ref)}
    return {ref: Disowned("refund", by_noren=True) for ref in named if not payment.has_booked(ref)}


def _under_way(payment: Payment) -> tuple[Operation, ...]:
    """Return the kinds of the requests whose answer decides how the payment goes on."""
    if payment.refund_requested_amount:
        return ("refund",)
    if payment.state in NOT_YET:
        return ("authorize", "issue")
    requested: Mapping[State, Operation] = {
        "capturing": "capture",
        "voiding": "void",
        "reauthorizing": "reauthorize",
    }
    return (requested[payment.state],) if payment.state in requested else ()


def _answer_not_done(payment: Payment) -> Answer:
    """Return the answer that the request in progress was not done."""
    if payment.state == "capturing":
        return CaptureRefused(reason="denied")
    return Declined(reason="provider_error", in_doubt=payment.state in NOT_YET)
