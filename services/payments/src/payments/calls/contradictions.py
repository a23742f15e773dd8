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
from payments.payment.rules.drafting import Draft, Settled, and_then
from payments.payment.rules.moves import NOT_YET, Operation, State
from payments.payment.rules.order_wishes import go_on
from payments.payment.rules.payment import MISMATCH, Payment
from payments.payment.rules.receipts import take_back_receipt
from payments.payment.rules.refunds.answers import record_declined_refund
from payments.payment.rules.refunds.mismatches import SUM, disown_refund
from payments.payment.rules.settling import settle_answer
from payments.payment.rules.terms import Terms

DISOWNED, DENIED = "said to be of others", "said to be undone"


def reported_refunds(payment: Payment) -> dict[str, int]:
    """Return the reported refunds, in yen by the provider's ids, that staff may assign to another order.

    Empty while a refund is in progress or a chargeback is open.
    """
    if payment.refund_asked_amount or payment.open_chargebacks:
        return {}
    doubted = {*payment.not_ours, *payment.retold_refunds}
    reported = {ref: amount for ref, amount in payment.refund_amounts.items() if amount}
    return {
        ref: amount
        for ref, amount in reported.items()
        if ref not in payment.own_refunds or ref in doubted or SUM in doubted
    }


def receipts_doubted(payment: Payment) -> dict[str, int]:
    """Return the booked receipts, in yen by the provider's ids, that are reported otherwise or belong to others."""
    doubted = (*payment.doubted_receipts, *payment.not_ours)
    booked = {one: payment.booked_of(one) for one in payment.receipts if one in doubted}
    return {one: amount for one, amount in booked.items() if amount and one not in payment.reversals}


def holds_another(payment: Payment) -> bool:
    """Return whether the hold of the order may belong to others."""
    return payment.state == "authorized" and payment.authorization_id in payment.not_ours


def may_deny(payment: Payment) -> bool:
    """Return whether a request is in progress whose answer does not fit it."""
    return payment.contradicted and MISMATCH in payment.calls and payment.awaits_an_answer


def receipts_booked_elsewhere(payment: Payment) -> dict[str, str]:
    """Return the reported receipts that are booked on other orders, with the codes of those orders."""
    return dict(payment.booked_elsewhere)


def may_be_of_others(payment: Payment, ref: str) -> bool:
    """Return whether ``ref`` is a receipt that staff may assign to another order."""
    return ref in receipts_doubted(payment) or ref in payment.booked_elsewhere


def disown(
    payment: Payment, terms: Terms, at: datetime, *, ref: str, by: str, booked_on: str = ""
) -> Settled:
    """Disown the refund, receipt or hold ``ref`` (the provider's id): take it out of the books.

    No look-up counts it again. A person is called about a receipt that is not ``booked_on`` another order.
    """
    draft = Draft(payment, at, by)
    if ref in reported_refunds(payment):
        draft.note(DISOWNED, ref)
        disown_refund(draft, ref, DISOWNED)
    elif ref in (receipts := receipts_doubted(payment)):
        draft.note(DISOWNED, ref)
        take_back_receipt(draft, Reversed(receipt_id=ref, amount=receipts[ref]), DISOWNED, by_mistake=True)
        told_as = next((one for one, name in payment.receipt_names.items() if name == ref), ref)
        draft.change(let_go={**payment.let_go, told_as: ""})
        draft.call("receipt booked nowhere")
    elif ref in payment.booked_elsewhere:
        draft.note(DISOWNED, ref)
        rest = {one: code for one, code in payment.booked_elsewhere.items() if one != ref}
        draft.change(booked_elsewhere=rest, disowned=(*payment.disowned, ref))
        if not booked_on:
            draft.call("receipt booked nowhere")
    elif holds_another(payment) and ref == payment.authorization_id:
        draft.note(DISOWNED, ref)
        over = settle_answer(_without(draft.payment, ref), None, Voided(), at, terms, because=DISOWNED, by=by)
        after = Draft(over.payment, at, by)
        go_on(after, terms)
        return and_then(and_then(draft.done(), over), after.done())
    else:
        return draft.done()
    draft.payment = _without(draft.payment, ref)
    go_on(draft, terms)
    return draft.done()


def _without(payment: Payment, ref: str) -> Payment:
    """Return the payment with ``ref`` among the disowned objects and in none of its references, and without a call about it."""
    left = tuple(one for one in payment.not_ours if one != ref)
    refs = {name: value for name, value in payment.refs.items() if value != ref}
    known = payment.disowned if ref in payment.disowned else (*payment.disowned, ref)
    payment = payment.changed(not_ours=left, disowned=known, refs=refs)
    return payment if left else payment.without_mismatch


def deny(payment: Payment, terms: Terms, at: datetime, *, by: str) -> Settled:
    """End a request that was not done for this order, as staff saw in the provider's console.

    The objects in that answer belong to others.
    """
    draft = Draft(payment, at, by)
    if not may_deny(payment):
        return draft.done()
    of_other_orders = (*payment.disowned, *payment.not_ours, *payment.doubted_refunds)
    draft.note(DENIED)
    draft.deny(*_under_way(payment))
    draft.payment = draft.payment.changed(
        disowned=of_other_orders, not_ours=(), doubted_refunds=()
    ).without_mismatch
    if payment.refund_asked_amount:
        draft.change(our_refund=replace(payment.our_refund, refs=()))
        record_declined_refund(draft, RefundDeclined(reason="denied"), DENIED, ours=True)
        return draft.done()
    over = settle_answer(draft.payment, None, _never(payment), at, terms, because=DENIED, by=by)
    return and_then(draft.done(), over)


def _under_way(payment: Payment) -> tuple[Operation, ...]:
    """Return the kinds of the requests whose answer decides how the payment goes on."""
    if payment.refund_asked_amount:
        return ("refund",)
    if payment.state in NOT_YET:
        return ("authorize", "issue")
    requested: Mapping[State, Operation] = {
        "capturing": "capture",
        "voiding": "void",
        "reauthorizing": "reauthorize",
    }
    return (requested[payment.state],) if payment.state in requested else ()


def _never(payment: Payment) -> Answer:
    """Return the answer that the request in progress was not done."""
    match payment.state:
        case "capturing":
            return CaptureRefused(reason="denied")
        case "voiding":
            return Voided()
    return Declined(reason="provider_error", in_doubt=payment.state in NOT_YET)
