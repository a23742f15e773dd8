"""Actions of others on the agreement with the buyer, by order-management software or in the provider's tools. Pure."""

from dataclasses import replace

from payments.payment.rules.answers import OtherHold, UnnamedCharges
from payments.payment.rules.drafting import Draft


def record_other_hold(draft: Draft, answer: OtherHold) -> None:
    """Record a hold of others, or its end. Staff see it, and it is released with the order."""
    payment = draft.payment
    known = {one.authorization_id: one for one in payment.other_holds}
    reported = replace(answer, refs={})
    before = known.get(answer.authorization_id)
    if before == reported or (before is None and not reported.stands):
        return
    known[answer.authorization_id] = reported
    draft.change(other_holds=tuple(known.values()))
    if not reported.stands:
        if not any(one.stands for one in draft.payment.other_holds):
            draft.end_calls("no hold of others left")
        return
    draft.call("hold of others")
    draft.note("other hold", f"¥{answer.amount:,}")
    if payment.order_cancelled:
        release_unwanted_holds(draft)


def release_unwanted_holds(draft: Draft) -> None:
    """Request the release of others' holds on a cancelled order, unless a void in progress does it.

    While the provider's reports contradict the books, the owner of a hold is not certain.
    """
    payment = draft.payment
    if payment.has_unwanted_holds and payment.state != "voiding" and not payment.contradicted:
        draft.request("void", draft.payment.amount)


def record_unnamed_charges(draft: Draft, answer: UnnamedCharges) -> None:
    """Call a person if the provider counts more charges than were named. Such a sum cannot be booked."""
    if answer.amount == draft.payment.unnamed_charge_amount:
        return
    draft.change(unnamed_charge_amount=answer.amount)
    if answer.amount:
        draft.call("charge without a name")
        draft.note("unnamed charges", f"¥{answer.amount:,}")
    else:
        draft.end_calls("every charge has a name")
