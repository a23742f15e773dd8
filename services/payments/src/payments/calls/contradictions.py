"""Decisions of staff that end a contradiction: an object belongs to another order, or a request was not done. Pure.

A rule returns the payment unchanged if the deed is not possible. ``may_...`` checks this before.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from payments.payment.rules.answers import (
    Answer,
    CaptureRefused,
    Declined,
    RefundDeclined,
    Reversed,
    Voided,
)
from payments.payment.rules.details import Disowned
from payments.payment.rules.drafting import Draft, Settled, and_then
from payments.payment.rules.moves import NOT_YET, Operation, State
from payments.payment.rules.order_wishes import do_what_waited
from payments.payment.rules.payment import MISMATCH, Payment
from payments.payment.rules.receipts import take_back_receipt
from payments.payment.rules.refunds.answers import record_declined_refund
from payments.payment.rules.refunds.mismatches import SUM, disown_refund
from payments.payment.rules.reports.objects import REPORTED_BEFORE
from payments.payment.rules.settling import settle_answer
from payments.payment.rules.terms import Terms

DISOWNED, DENIED = "said to be of others", "request denied"


def refunds_to_disown(payment: Payment) -> dict[str, int]:
    """Return the doubted refunds, in yen by the provider's ids, that staff may assign to another order.

    A refund that fits is a fact, whoever made it. Empty while a refund is in progress or a chargeback is open.
    """
    if payment.refund_requested_amount or payment.open_chargebacks:
        return {}
    doubted = {*payment.refs_of_others, *payment.refund_amounts_in_doubt}
    reported = {ref: amount for ref, amount in payment.refund_amounts.items() if amount}
    return {ref: amount for ref, amount in reported.items() if ref in doubted or SUM in doubted}


def receipts_to_disown(payment: Payment) -> dict[str, int]:
    """Return the booked receipts, in yen by the provider's ids, that are reported otherwise or belong to others."""
    doubted = (*payment.receipt_amounts_in_doubt, *payment.refs_of_others)
    booked = {one: payment.booked_of(one) for one in payment.receipts if one in doubted}
    return {one: amount for one, amount in booked.items() if amount and one not in payment.reversals}


def may_disown_hold(payment: Payment) -> bool:
    """Return whether the hold of the order may belong to others."""
    return payment.state == "authorized" and payment.authorization_id in payment.refs_of_others


def may_deny(payment: Payment) -> bool:
    """Return whether a request is in progress whose answer does not fit it."""
    return payment.contradicted and MISMATCH in payment.calls and payment.awaits_an_answer


def receipts_booked_elsewhere(payment: Payment) -> dict[str, str]:
    """Return the reported receipts that are booked on other orders, with the codes of those orders."""
    return dict(payment.booked_elsewhere)


def may_disown_receipt(payment: Payment, ref: str) -> bool:
    """Return whether ``ref`` is a receipt that staff may assign to another order."""
    return ref in receipts_to_disown(payment) or ref in payment.booked_elsewhere


def disown(
    payment: Payment, terms: Terms, at: datetime, *, ref: str, by: str, booked_on: str = ""
) -> Settled:
    """Disown the refund, receipt or hold ``ref`` (the provider's id): take it out of the books.

    A report that it is this order's calls a person again. So does a receipt that is not ``booked_on`` another order.
    """
    draft = Draft(payment, at, by)
    if ref in (refunds := refunds_to_disown(payment)):
        draft.note(DISOWNED, ref)
        amount = payment.refund_amounts_in_doubt.get(ref) or refunds[ref]
        one = Disowned("refund", amount, by_noren=ref in payment.own_refunds)
        disown_refund(draft, ref, DISOWNED)
    elif ref in (receipts := receipts_to_disown(payment)):
        draft.note(DISOWNED, ref)
        one = Disowned("receipt", payment.receipt_amounts_in_doubt.get(ref) or receipts[ref])
        take_back_receipt(draft, Reversed(receipt_id=ref, amount=receipts[ref]), DISOWNED, by_mistake=True)
        draft.call("receipt booked nowhere")
    elif ref in payment.booked_elsewhere:
        draft.note(DISOWNED, ref)
        rest = {told: code for told, code in payment.booked_elsewhere.items() if told != ref}
        draft.change(booked_elsewhere=rest)
        one = Disowned("receipt", booked_on=booked_on, reports=(REPORTED_BEFORE,) if booked_on else ())
        if not booked_on:
            draft.call("receipt booked nowhere")
    elif may_disown_hold(payment) and ref == payment.authorization_id:
        draft.note(DISOWNED, ref)
        without = _without(draft.payment, ref, Disowned("hold", payment.missing_amount))
        hold_ended = settle_answer(without, None, Voided(), at, terms, because=DISOWNED, by=by)
        after = Draft(hold_ended.payment, at, by)
        do_what_waited(after, terms)
        return and_then(and_then(draft.done(), hold_ended), after.done())
    else:
        return draft.done()
    draft.payment = _without(draft.payment, ref, one)
    do_what_waited(draft, terms)
    return draft.done()


def _without(payment: Payment, ref: str, one: Disowned) -> Payment:
    """Return the payment with ``ref`` among the disowned objects and in none of its references, and without a call about it."""
    left = tuple(other for other in payment.refs_of_others if other != ref)
    names = tuple(name for name, value in payment.refs.items() if value == ref)
    refs = {name: value for name, value in payment.refs.items() if value != ref}
    told_as = next((told for told, name in payment.receipt_names.items() if name == ref), ref)
    disowned = {**payment.disowned, told_as: replace(one, names=names)}
    payment = payment.changed(refs_of_others=left, disowned=disowned, refs=refs)
    return payment if left else payment.without_mismatch


def deny(payment: Payment, terms: Terms, at: datetime, *, by: str) -> Settled:
    """End a request that was not done for this order, as staff saw in the provider's console. It decides nothing else.

    - What the request was about stays as it is: a capture that was not done leaves the hold, and the release of a hold
      or number is requested anew.
    - What only the answer named is disowned. If it is this order's after all, the next report of it calls a person.
    """
    draft = Draft(payment, at, by)
    if not may_deny(payment):
        return draft.done()
    draft.note(DENIED)
    draft.deny(*_under_way(payment))
    named = {**_named_by_the_answer(payment), **payment.disowned}
    draft.payment = draft.payment.changed(
        disowned=named, refs_of_others=(), unfit_refund_refs=()
    ).without_mismatch
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
    if not payment.refund_requested_amount:
        return {ref: Disowned("hold") for ref in others}
    refunds = (*others, *payment.unfit_refund_refs, *payment.our_refund.refs)
    return {ref: Disowned("refund", by_noren=True) for ref in refunds}


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
