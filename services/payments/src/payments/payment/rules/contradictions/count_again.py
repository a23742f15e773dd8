"""A disowned object counts for the order again, and the ordinary rules book it. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from payments.payment.rules.answers import Captured
from payments.payment.rules.call_table import ENDED_BY
from payments.payment.rules.details import Disowned
from payments.payment.rules.drafting import Draft, Settled, and_then
from payments.payment.rules.holds.ends import await_hold_again
from payments.payment.rules.moves import NEXT, HoldHereAgain
from payments.payment.rules.order_wishes import do_what_waited
from payments.payment.rules.payment import Payment
from payments.payment.rules.refunds.mismatches import count_refund_again
from payments.payment.rules.settling import settle_answer
from payments.payment.rules.terms import Terms

COUNTED_AGAIN = "counted again"
T = TypeVar("T")


def may_be_counted_again(payment: Payment) -> dict[str, Disowned]:
    """Return the disowned objects, by the provider's ids, that staff may count as this order's again.

    All that stand at the provider, as far as Noren knows, without receipts that another order has in its books.
    """
    return {ref: one for ref, one in payment.disowned.items() if one.amount and not one.booked_on}


def count_again(payment: Payment, terms: Terms, at: datetime, *, ref: str, by: str) -> Settled:
    """Undo the decision that ``ref`` (the provider's id) is not this order's, and book what the provider reports.

    For a hold the next look-up decides. Until it fits, the payment is contradicted.
    """
    draft = Draft(payment, at, by)
    one = may_be_counted_again(payment).get(ref)
    if one is None:
        return draft.done()
    draft.note(COUNTED_AGAIN, ref)
    if one.kind == "receipt":
        came_at = payment.received_at or at
        return count_receipt_again(draft, terms, ref, one.amount, came_at, COUNTED_AGAIN)
    if one.kind == "refund":
        draft.payment = _without_decision(draft.payment, ref).without_mismatch
        count_refund_again(draft, ref, one.amount, COUNTED_AGAIN, by_noren=one.by_noren)
        do_what_waited(draft, terms)
    else:
        _count_hold_again(draft, ref, one)
    return draft.done()


def _count_hold_again(draft: Draft, ref: str, one: Disowned) -> None:
    """Remove the decision about a hold.

    The next look-up reports it as the order's hold if it was that and no other exists; otherwise as a hold of others.
    """
    payment = draft.payment
    ended = tuple(hold for hold in payment.ended_holds if hold != ref)
    draft.change(disowned=_without(payment.disowned, ref), ended_holds=ended)
    await_hold_again(draft, ref)
    if one.names and HoldHereAgain in NEXT[payment.state]:
        draft.remember(dict.fromkeys(one.names, ref))
        draft.change(authorization_id=ref)
    elif payment.authorization_id == ref:
        draft.change(authorization_id="")
    draft.call("disowned object counted again")


def count_receipt_again(
    draft: Draft, terms: Terms, receipt_id: str, amount: int, captured_at: datetime, because: str
) -> Settled:
    """Book a receipt of the provider under a new name, and forget that it was another order's."""
    payment = _without_decision(draft.payment, receipt_id)
    name = f"{receipt_id}>{payment.order_code}:{payment.version}"
    anew = payment.changed(
        booked_elsewhere=_without(payment.booked_elsewhere, receipt_id),
        receipt_names={**payment.receipt_names, receipt_id: name},
    )
    draft.payment = end_receipt_nowhere(anew.without_mismatch)
    came = Captured(amount=amount, captured_at=captured_at, receipt_id=name)
    booked = settle_answer(draft.payment, None, came, draft.at, terms, because=because, by=draft.by)
    return and_then(draft.done(), booked)


def _without_decision(payment: Payment, ref: str) -> Payment:
    """Return the payment without the decision about ``ref``, which gets its names back unless another object has them."""
    one = payment.disowned.get(ref)
    if one is None:
        return payment
    return payment.changed(
        disowned=_without(payment.disowned, ref), refs={**dict.fromkeys(one.names, ref), **payment.refs}
    )


def record_order_of_receipt(payment: Payment, at: datetime, *, ref: str, order_code: str) -> Settled:
    """Record that ``order_code`` has the receipt ``ref`` now, which was disowned here. It calls nobody any more."""
    one = payment.disowned.get(ref)
    if one is None or one.booked_on or one.kind != "receipt":
        return Settled(payment)
    draft = Draft(payment, at)
    known = {**payment.disowned, ref: replace(one, booked_on=order_code)}
    draft.payment = end_receipt_nowhere(payment.changed(disowned=known))
    return draft.done()


def end_receipt_nowhere(payment: Payment) -> Payment:
    """Return the payment without the call about a receipt that is booked nowhere, unless there is another one."""
    nowhere = any(one.kind == "receipt" and not one.booked_on for one in payment.disowned.values())
    return payment if nowhere else payment.without_calls(*ENDED_BY["every disowned receipt booked"])


def confirm_disowned(payment: Payment) -> Payment:
    """Return the payment after staff confirmed that the objects reported again are not its own."""
    if not payment.reported_again:
        return payment
    return payment.changed(
        disowned={ref: replace(one, confirmed=True) for ref, one in payment.disowned.items()}
    )


def _without(of_each: Mapping[str, T], ref: str) -> dict[str, T]:
    return {one: value for one, value in of_each.items() if one != ref}
