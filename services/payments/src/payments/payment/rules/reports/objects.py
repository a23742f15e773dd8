"""Whether a report is about this payment. Pure.

Three things count: receipts that were moved here, objects that staff assigned to another order, and objects that are
not reported any more.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from payments.payment.rules.answers import (
    Answer,
    Authorized,
    Captured,
    CaptureDeclined,
    Expired,
    OtherHold,
    RefundDeclined,
    Refunded,
    Reversed,
    ToldNoMore,
    Voided,
)
from payments.payment.rules.drafting import Draft, Settled
from payments.payment.rules.payment import Payment
from payments.payment.rules.receipts import hear_receipt_no_more
from payments.payment.rules.refunds.mismatches import hear_refund_no_more


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
) -> tuple[ToldNoMore, ...]:
    """Return the known objects of ``payment`` that a complete list does not contain any more; () if there are none.

    ``receipts`` and ``refunds`` are the listed ids (the provider's), None if the provider does not list such objects.
    """
    names = payment.receipt_names
    listed = [names.get(one, one) for one in receipts or ()]
    known = payment.receipts if receipts is not None else ()
    gone = tuple(one for one in known if one not in (*listed, *payment.reversals))
    booked = payment.refund_amounts if refunds is not None else ()
    lost = tuple(ref for ref in booked if ref not in (refunds or ()))
    return (ToldNoMore(receipts=gone, refunds=lost),) if gone or lost else ()


def stands_here(payment: Payment, receipt_id: str) -> bool:
    """Return whether the provider's receipt is in the books of this payment, under whatever name."""
    name = payment.receipt_names.get(receipt_id, receipt_id)
    return name in payment.receipts and name not in payment.reversals


def is_disowned(payment: Payment, answer: Answer) -> bool:
    """Return whether ``answer`` is about an object that belongs to another order, as staff decided."""
    match answer:
        case Refunded() | RefundDeclined():
            return answer.refund_ref in payment.disowned
        case Captured() | Reversed():
            return answer.receipt_id in payment.disowned
        case Authorized() | OtherHold() | Voided() | Expired() | CaptureDeclined():
            return answer.authorization_id in payment.disowned
    return False


def call_booked_elsewhere(payment: Payment, receipt_id: str, order_code: str, at: datetime) -> Settled:
    """Call a person about a reported receipt that is booked on ``order_code``. The person decides whose it is."""
    draft = Draft(payment, at)
    if receipt_id not in payment.booked_elsewhere:
        draft.change(booked_elsewhere={**payment.booked_elsewhere, receipt_id: order_code})
        draft.note("receipt booked elsewhere", order_code)
    return draft.done()


def hear_let_go(draft: Draft, answer: Captured) -> None:
    """Call a person about a receipt that staff had disowned or moved away, and that is reported here again."""
    payment, ref = draft.payment, answer.receipt_id
    if ref not in payment.let_go:
        return
    if code := payment.let_go[ref]:
        rest = {one: to for one, to in payment.let_go.items() if one != ref}
        draft.change(let_go=rest, booked_elsewhere={**payment.booked_elsewhere, ref: code})
        draft.note("receipt booked elsewhere", code)
    elif payment.told_again.get(ref) != answer.amount:
        draft.change(told_again={**payment.told_again, ref: answer.amount})
        draft.note("receipt told again", f"¥{answer.amount:,}")
    else:
        return
    draft.call("receipt reported again")


def hear_no_longer_reported(draft: Draft, answer: ToldNoMore) -> None:
    """Call a person about objects that are not reported any more.

    Until a decision nothing that depends on them is final.
    """
    for receipt_id in answer.receipts:
        hear_receipt_no_more(draft, receipt_id)
    for ref in answer.refunds:
        hear_refund_no_more(draft, ref)
