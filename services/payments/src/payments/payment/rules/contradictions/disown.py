"""An object that was reported for this payment belongs to another order, as staff decided. Pure.

A rule returns the payment unchanged if the deed is not possible. ``may_...`` and ``..._to_disown`` check this before.
"""

from dataclasses import replace
from datetime import datetime

from payments.payment.rules.answers import (
    Reversed,
    Voided,
)
from payments.payment.rules.details import Disowned
from payments.payment.rules.drafting import Draft, Settled, and_then
from payments.payment.rules.order_wishes import do_what_waited
from payments.payment.rules.payment import Payment
from payments.payment.rules.receipts import take_back_receipt
from payments.payment.rules.refunds.mismatches import disown_refund
from payments.payment.rules.refunds.names import SUM
from payments.payment.rules.reports.objects import REPORTED_BEFORE
from payments.payment.rules.settling import settle_answer
from payments.payment.rules.terms import Terms

DISOWNED = "said to be of others"


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
    """Return the booked receipts, in yen by the provider's ids, that are reported otherwise or belong to others.

    A capture of the payment's own hold that is not reported any more did not take place. It is no other order's.
    """
    own = payment.receipt_names.get(payment.authorization_id, payment.authorization_id)
    told = [ref for ref, amount in payment.receipt_amounts_in_doubt.items() if amount or ref != own]
    doubted = (*told, *payment.refs_of_others)
    booked = {one: payment.booked_of(one) for one in payment.receipts if one in doubted}
    return {one: amount for one, amount in booked.items() if amount and one not in payment.reversals}


def may_disown_hold(payment: Payment) -> bool:
    """Return whether the hold of the order may belong to others."""
    return payment.state == "authorized" and payment.authorization_id in payment.refs_of_others


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
