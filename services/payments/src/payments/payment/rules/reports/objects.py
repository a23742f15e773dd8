"""Whether a report is about this payment. Pure.

Three things count: receipts that were moved here, objects that staff disowned, and objects that are not reported any
more. A decision of staff is never the last word against a new report.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from payments.payment.rules.answers import (
    Answer,
    Authorized,
    Captured,
    CaptureDeclined,
    Expired,
    NoLongerReported,
    OtherHold,
    RefundDeclined,
    Refunded,
    Reversed,
    Voided,
    stored_name,
)
from payments.payment.rules.details import Disowned
from payments.payment.rules.drafting import Draft, Settled
from payments.payment.rules.holds.ends import AGAIN
from payments.payment.rules.payment import Payment
from payments.payment.rules.receipts import call_for_missing_receipt
from payments.payment.rules.refunds.mismatches import call_for_missing_refund
from payments.payment.rules.refunds.names import keep_route

REPORTED_BEFORE = "known at the decision"
"""Marks that the object had been reported at the decision, with an amount that was not kept."""


def own_refs(payment: Payment, refs: Iterable[str]) -> list[str]:
    """Return the ids in ``refs`` that are not empty and that staff did not disown, each once. For methods."""
    return [ref for ref in dict.fromkeys(refs) if ref and ref not in payment.disowned]


def holds_counted_again(payment: Payment) -> frozenset[str]:
    """Return the holds that staff count again and that no look-up has reported since. For methods."""
    return frozenset(ref for name, ref in payment.refs.items() if name.startswith(AGAIN))


def as_named_here(payment: Payment, answer: Answer) -> Answer:
    """Return ``answer`` with its receipt under the name by which it is booked.

    A receipt that was moved here has another name.
    """
    names = payment.receipt_names
    match answer:
        case Captured() | Reversed() if answer.receipt_id in names:
            return replace(answer, receipt_id=names[answer.receipt_id])
    return answer


def no_longer_reported(
    payment: Payment, *, receipts: Collection[str] | None, refunds: Collection[str] | None
) -> tuple[NoLongerReported, ...]:
    """Return the known objects of ``payment`` that a complete list does not contain any more; () if there are none.

    ``receipts`` and ``refunds`` are the listed ids (the provider's), None if the provider does not list such objects.
    """
    names = payment.receipt_names
    listed = [names.get(one, one) for one in receipts or ()]
    known = payment.receipts if receipts is not None else ()
    gone = tuple(one for one in known if one not in (*listed, *payment.reversals))
    booked = payment.refund_amounts if refunds is not None else ()
    lost = tuple(ref for ref in booked if ref not in (refunds or ()))
    return (NoLongerReported(receipts=gone, refunds=lost),) if gone or lost else ()


def stands_here(payment: Payment, receipt_id: str) -> bool:
    """Return whether the provider's receipt is in the books of this payment, under whatever name."""
    name = payment.receipt_names.get(receipt_id, receipt_id)
    return name in payment.receipts and name not in payment.reversals


def record_booked_elsewhere(payment: Payment, receipt_id: str, order_code: str, at: datetime) -> Settled:
    """Record that a reported receipt is booked on ``order_code``. The payment is then contradicted."""
    draft = Draft(payment, at)
    if receipt_id not in payment.booked_elsewhere:
        draft.change(booked_elsewhere={**payment.booked_elsewhere, receipt_id: order_code})
        draft.note("receipt booked elsewhere", order_code)
    return draft.done()


def forget_booked_elsewhere(payment: Payment, answers: Iterable[Answer]) -> Payment:
    """Return the payment without the doubt about receipts of other orders that a whole look-up does not report here.

    A receipt that was once booked here stays disowned, so that a later report of it calls a person.
    """
    reported = {one.receipt_id for one in answers if isinstance(one, Captured)}
    left = {ref: code for ref, code in payment.booked_elsewhere.items() if ref in reported}
    gone = {ref: code for ref, code in payment.booked_elsewhere.items() if ref not in reported}
    once_here = {
        ref: Disowned("receipt", booked_on=code) for ref, code in gone.items() if ref in payment.receipts
    }
    return payment.changed(booked_elsewhere=left, disowned={**once_here, **payment.disowned})


def disowned_object(payment: Payment, answer: Answer) -> str:
    """Return the provider's id of the disowned object that ``answer`` is about; "" if it is about none."""
    if not payment.disowned:
        return ""
    ref = _ref_of(answer)
    return ref if ref in payment.disowned else ""


def without_doubt_about(payment: Payment, answer: Answer) -> Payment:
    """Return the payment without the doubt whether the object of ``answer`` belongs to others.

    The answer reports it as this payment's object, so an earlier report was wrong. Each object is judged alone.
    """
    if not payment.refs_of_others or not (ref := _ref_of(answer)):
        return payment
    names = (ref, payment.receipt_names.get(ref, ref))
    left = tuple(one for one in payment.refs_of_others if one not in names)
    return payment.changed(refs_of_others=left)


def _ref_of(answer: Answer) -> str:
    """Return the provider's id of the object that ``answer`` is about, or "" if it names none."""
    match answer:
        case Refunded() | RefundDeclined():
            return answer.refund_ref
        case Captured() | Reversed():
            return answer.receipt_id
        case Authorized() | OtherHold() | Voided() | Expired() | CaptureDeclined():
            return answer.authorization_id
    return ""


def record_report_of_disowned(draft: Draft, ref: str, answer: Answer) -> None:
    """Call a person for a disowned object that is reported for this payment again: once for each amount and state.

    Nothing is booked. A report that it is over ends the doubt.
    """
    one = draft.payment.disowned[ref]
    amount = _reported_amount(one, answer)
    if amount is None:
        return
    report = f"{stored_name(type(answer))}:{amount}"
    if isinstance(answer, Refunded):
        keep_route(draft, ref, answer.route)
    if not amount:
        _keep(draft, ref, replace(one, amount=0, confirmed=True))
    elif REPORTED_BEFORE in one.reports:
        _keep(draft, ref, replace(one, amount=amount, reports=(report,)))
    elif report in one.reports:
        _keep(draft, ref, replace(one, amount=amount))
    elif one.booked_on:
        rest = {known: each for known, each in draft.payment.disowned.items() if known != ref}
        draft.change(disowned=rest, booked_elsewhere={**draft.payment.booked_elsewhere, ref: one.booked_on})
        draft.call("disowned object reported again")
        draft.note("receipt booked elsewhere", one.booked_on)
    else:
        _keep(draft, ref, replace(one, amount=amount, reports=(*one.reports, report), confirmed=False))
        draft.call("disowned object reported again")
        draft.note(f"{one.kind} told again", f"¥{amount:,}")


def _reported_amount(one: Disowned, answer: Answer) -> int | None:
    """Return the yen that stand at the provider by ``answer``; None if it says nothing new of such an object."""
    match answer:
        case Captured() | Refunded():
            return answer.amount
        case Reversed() | RefundDeclined():
            return 0
        case Authorized() if one.kind == "hold":
            return answer.amount
        case OtherHold() if one.kind == "hold":
            return answer.amount if answer.stands else 0
        case Voided() | Expired() | CaptureDeclined() if one.kind == "hold":
            return 0
    return None


def _keep(draft: Draft, ref: str, one: Disowned) -> None:
    draft.change(disowned={**draft.payment.disowned, ref: one})


def call_for_missing_objects(draft: Draft, answer: NoLongerReported) -> None:
    """Call a person about objects that are not reported any more.

    Until a decision nothing that depends on them is final.
    """
    for receipt_id in answer.receipts:
        call_for_missing_receipt(draft, receipt_id)
    for ref in answer.refunds:
        call_for_missing_refund(draft, ref)
