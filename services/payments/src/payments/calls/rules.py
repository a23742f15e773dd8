"""Which calls end when a person has seen them, and what is booked then. Pure."""

from collections.abc import Mapping
from datetime import datetime

from payments.payment.rules.call_table import ENDED_BY, CallEnd
from payments.payment.rules.contradictions.count_again import confirm_disowned
from payments.payment.rules.contradictions.deny import may_deny
from payments.payment.rules.contradictions.disown import (
    may_disown_hold,
    receipts_booked_elsewhere,
    receipts_to_disown,
    refunds_to_disown,
)
from payments.payment.rules.drafting import Draft, Settled
from payments.payment.rules.numbers import keep_deadline
from payments.payment.rules.order_wishes import do_what_waited
from payments.payment.rules.payment import MISMATCH, Payment
from payments.payment.rules.receipts import book_receipts_as_reported
from payments.payment.rules.refunds.answers import end_doubted_refund
from payments.payment.rules.refunds.mismatches import book_refunds_as_reported
from payments.payment.rules.terms import Terms


def calls_to_mark_seen(payment: Payment) -> tuple[str, ...]:
    """Return the calls that staff may mark as seen, by the table of calls.

    - The call of an open chargeback stays, and so does the call about money in suspense.
    - A part refund that failed leaves nothing owed. Staff decide whether to try again.
    - The call about an object that may belong to others stays until staff decide whose it is, if a deed decides it.
    """
    undecided = bool(payment.booked_elsewhere) or any(
        _may_decide_owner(payment, ref) for ref in payment.refs_of_others
    )
    conditions: Mapping[CallEnd, bool] = {
        "seen": True,
        "seen, without spare money": not payment.spare_amount,
        "seen, without an open chargeback": not payment.open_chargebacks,
        "seen, without an object of others": not undecided,
        "seen, with nothing owed": payment.owes_nothing,
        "seen, after the cancellation": payment.order_cancelled,
    }
    seen = {word for end, now in conditions.items() if now for word in ENDED_BY[end]}
    return tuple(word for word in payment.calls if word in seen)


def _may_decide_owner(payment: Payment, ref: str) -> bool:
    """Return whether staff may disown ``ref``, which may belong to others."""
    is_hold = may_disown_hold(payment) and ref == payment.authorization_id
    return is_hold or ref in refunds_to_disown(payment) or ref in receipts_to_disown(payment)


def may_end_mismatch(payment: Payment) -> bool:
    """Return whether staff can decide by a deed about an answer that does not fit."""
    of_other_orders = (
        refunds_to_disown,
        receipts_to_disown,
        receipts_booked_elsewhere,
    )
    named = any(objects_of(payment) for objects_of in of_other_orders) or may_disown_hold(payment)
    return named or may_deny(payment) or MISMATCH in calls_to_mark_seen(payment)


def mark_seen(payment: Payment, terms: Terms, at: datetime, *, by: str) -> Settled:
    """Remove the calls that staff have seen and that need no further deed.

    Doubted money is booked as the provider reports it. What staff had disowned, and the provider reports again, is
    still not the order's.
    """
    draft = Draft(payment, at, by)
    if seen := calls_to_mark_seen(payment):
        draft.note("marked as seen")
        draft.payment = draft.payment.without_calls(*seen)
        if MISMATCH in seen:
            # What is left names no object that a deed decides about. Noren asks again.
            draft.change(refs_of_others=())
        if payment.unfit_refund_refs:
            end_doubted_refund(draft, "marked as seen")
        book_receipts_as_reported(draft, terms, "marked as seen")
        book_refunds_as_reported(draft, "marked as seen")
        keep_deadline(draft)
        draft.payment = confirm_disowned(draft.payment)
        do_what_waited(draft, terms)
    return draft.done()
