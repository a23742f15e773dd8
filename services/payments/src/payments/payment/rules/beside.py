"""What others do on the agreement with the buyer, beside the holds of ours: order-management software, or staff with a tool
of the provider's. Pure."""

from dataclasses import replace

from payments.payment.rules.answers import OtherHold, UnnamedCharges
from payments.payment.rules.drafting import Draft
from shared.events.payments import Call

OTHER_HOLD: Call = "other_hold"
CHARGE_UNKNOWN: Call = "charge_unknown"


def hear_other_hold(draft: Draft, answer: OtherHold) -> None:
    """A hold of others stands, or is over: staff are shown it, and it is given back with the order."""
    payment = draft.payment
    known = {one.authorization_id: one for one in payment.other_holds}
    told = replace(answer, refs={})
    before = known.get(answer.authorization_id)
    if before == told or (before is None and not told.stands):
        return
    known[answer.authorization_id] = told
    draft.change(other_holds=tuple(known.values()))
    if not told.stands:
        if not any(one.stands for one in draft.payment.other_holds):
            draft.stop_calling(OTHER_HOLD)
        return
    draft.call(OTHER_HOLD)
    draft.note("other hold", f"¥{answer.amount:,}")
    if payment.order_cancelled:
        free_other_holds(draft)


def free_other_holds(draft: Draft) -> None:
    """Have holds of others given back with a cancelled order, unless a void that is under way does so. While the provider's word
    contradicts the books, it is not certain whose they are."""
    payment = draft.payment
    if payment.frees_holds and payment.state != "voiding" and not payment.contradicted:
        draft.ask("void", draft.payment.amount)


def hear_unnamed_charges(draft: Draft, answer: UnnamedCharges) -> None:
    """The provider counts more than what was named: it cannot be booked, so a person looks for it."""
    if answer.amount == draft.payment.unnamed_charge_amount:
        return
    draft.change(unnamed_charge_amount=answer.amount)
    if answer.amount:
        draft.call(CHARGE_UNKNOWN)
        draft.note("unnamed charges", f"¥{answer.amount:,}")
    else:
        draft.stop_calling(CHARGE_UNKNOWN)
