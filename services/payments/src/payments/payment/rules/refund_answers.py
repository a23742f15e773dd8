"""Refunds as a provider tells of them: which is ours, what ends our request, and what is booked of the others. Pure.

A request for a refund of ours ends by its own answer: the reply to it, or, once a reply told the provider's id, what a look
tells under that id. Any other refund is booked once and ends nothing, however large it is.
"""

from dataclasses import replace

from payments.payment.rules.answers import (
    RefundDeclined,
    Refunded,
    RefundedInAll,
    RefundWaiting,
    Unknown,
)
from payments.payment.rules.drafting import Draft
from payments.payment.rules.moves import NothingLeft
from payments.payment.rules.old_news import doubts
from payments.payment.rules.payment import Payment
from payments.payment.rules.refund_bookings import ELSEWHERE, book_refund, cover, give_the_rest, keep_route
from payments.payment.rules.refund_mismatches import SUM, hear_refund_again, hear_sum_again


def refunded(draft: Draft, answer: Refunded, because: str, *, ours: bool) -> None:
    """Book a refund once by its id, whoever asked for it.

    ``ours``: it is the answer to our own request; nothing but that, or its id told by a look, ends the request.
    """
    payment = draft.payment
    if doubts(payment, answer):
        return
    ours = ours or payment.is_ours(answer.refund_ref)
    if answer.refund_ref in payment.doubted_refunds:
        left = tuple(one for one in payment.doubted_refunds if one != answer.refund_ref)
        draft.change(doubted_refunds=left)
    known = 0
    if heard := answer.refund_ref in payment.refunds:
        hear_refund_again(draft, answer)
    else:
        draft.change(refund_amounts={**payment.refund_amounts, answer.refund_ref: answer.amount})
        known = _book_by_name(draft, answer, because, ours=ours)
    if ours:
        own = {answer.refund_ref: answer.amount, **draft.payment.own_refunds}
        draft.change(own_refunds=own)
        summed = payment.our_refund.presumed_ref.startswith(SUM)
        if not (summed and (heard or known == answer.amount)):
            _presumed_wrongly(draft, payment, answer.refund_ref)
        _went_back(draft, answer)


def _went_back(draft: Draft, answer: Refunded) -> None:
    """Our refund is done, or a part of it that the provider gave back by itself; the rest is still under way."""
    ours, left = draft.payment.our_refund, draft.payment.refund_asked_amount - answer.amount
    if left > 0:
        open_refs = tuple(one for one in ours.refs if one != answer.refund_ref)
        ours = replace(ours, refs=open_refs, done_refs=(*ours.done_refs, answer.refund_ref))
        draft.change(refund_asked_amount=left, our_refund=ours)
    else:
        draft.end_refund()
        give_the_rest(draft)


def _book_by_name(draft: Draft, answer: Refunded, because: str, *, ours: bool) -> int:
    """Book a refund whose id is new, without what the sum told of it before; return that."""
    payment = draft.payment
    known = _known_by_sum(payment, answer, ours=ours)
    presumed = not ours and _may_be_ours(payment, answer, known)
    if not ours and not presumed and _was_written_down(draft, answer):
        return 0
    draft.change(unnamed_refund_amount=payment.unnamed_refund_amount - known)
    if presumed:
        draft.change(our_refund=replace(payment.our_refund, presumed_ref=answer.refund_ref))
    book_refund(draft, answer.refund_ref, answer.amount - known, answer.route, because, ours=ours or presumed)
    return known


def _known_by_sum(payment: Payment, answer: Refunded, *, ours: bool) -> int:
    """Return how much of a refund the provider's sum told before its name. Ours is in no sum from before it was asked for.

    Where that is not certain it is too much rather than too little: the next sum tells what is left out.
    """
    most = min(payment.unnamed_refund_amount, answer.amount)
    if not ours:
        return most
    before = max(payment.our_refund.told_before, answer.told_before)
    return min(most, max(payment.told_refunds_amount - before, 0))


def _may_be_ours(payment: Payment, answer: Refunded, known: int) -> bool:
    """Whether a refund told by its id is taken for the one of ours that has none yet: it is as large, and news, or the name
    of what was taken for ours by its sum."""
    ours = payment.our_refund
    if ours.refs or ours.done_refs or answer.amount != payment.refund_asked_amount:
        return False
    return known == (answer.amount if ours.presumed_ref.startswith(SUM) else 0) and (
        not ours.presumed_ref or ours.presumed_ref.startswith(SUM)
    )


def _presumed_wrongly(draft: Draft, before: Payment, own_ref: str) -> None:
    """Call staff where a refund that was taken for ours was somebody else's; ``own_ref`` is the id of ours, if it has one."""
    presumed = before.our_refund.presumed_ref
    if presumed and presumed != own_ref:
        draft.change(our_refund=replace(draft.payment.our_refund, presumed_ref=""))
        if before.goes_on:
            draft.call(ELSEWHERE)
            draft.note("refund was of others", f"¥{before.refund_asked_amount:,}")


def hear_reply(draft: Draft, answer: Refunded | RefundWaiting | Unknown) -> None:
    """Keep what a reply to our own request tells beside the outcome: the id of the refund, and what had gone back before."""
    payment = draft.payment
    if not payment.refund_asked_amount:
        return
    ours = payment.our_refund
    told_before = max(ours.told_before, answer.told_before)
    told = answer.refund_refs if isinstance(answer, RefundWaiting) else ()
    over = (*ours.refs, *ours.done_refs, *payment.failed_refunds)
    fresh = tuple(ref for ref in told if ref not in over)
    draft.change(our_refund=replace(ours, refs=(*ours.refs, *fresh), told_before=told_before))
    if told and ours.presumed_ref not in told:
        _presumed_wrongly(draft, payment, "")


def refunded_in_all(draft: Draft, answer: RefundedInAll, because: str) -> None:
    """Book what the provider's sum holds beyond the refunds that have a name."""
    payment = draft.payment
    if payment.doubted_refunds or payment.retold_refunds.keys() - {SUM}:
        return
    beyond = answer.amount - payment.told_refunds_amount
    hear_sum_again(draft, answer)
    if beyond <= 0:
        return
    ref, ours = f"{SUM}{answer.amount}", payment.our_refund
    presumed = beyond == payment.refund_asked_amount and not ours.presumed_ref
    if presumed:
        draft.change(our_refund=replace(ours, presumed_ref=ref))
    draft.change(unnamed_refund_amount=payment.unnamed_refund_amount + beyond)
    book_refund(draft, ref, beyond, answer.route, because, ours=presumed)


def _was_written_down(draft: Draft, answer: Refunded) -> bool:
    """Match a refund with what staff wrote down of it before the provider told: one, not two."""
    payment = draft.payment
    same = [one for one in payment.outside if (one.amount, one.route) == (answer.amount, answer.route)]
    if not same:
        return False
    draft.change(
        outside=tuple(one for one in payment.outside if one is not same[0]),
        refunds=(*payment.refunds, answer.refund_ref),
        beside_provider_amount=payment.beside_provider_amount - answer.amount,
    )
    keep_route(draft, answer.refund_ref, answer.route)
    draft.note("written down before", f"¥{answer.amount:,}")
    return True


def _came_to_nothing(draft: Draft, because: str) -> bool:
    """Take out what was not taken out while a refund of it was under way: its receipt had come to nothing. True if nothing is
    here then."""
    payment = draft.payment
    if not payment.losses or not payment.held_amount:
        return False
    cover(draft, f"unrefunded:{payment.version}", because)
    if draft.payment.held_amount:
        return False
    if not draft.move(NothingLeft, because):
        draft.note(because)
    return True


def refund_declined(draft: Draft, answer: RefundDeclined, because: str, *, ours: bool) -> None:
    """A refund of ours came to nothing: a person's business, unless others gave back part of it while it was asked for.

    What a look tells of a refund that is not known to be ours ends nothing.
    """
    payment = draft.payment
    ours = ours or payment.is_ours(answer.refund_ref)
    if answer.refund_ref and answer.refund_ref not in payment.failed_refunds:
        draft.change(failed_refunds=(*payment.failed_refunds, answer.refund_ref))
    asked = payment.refund_asked_amount
    if not ours or not (asked or payment.state == "refunding"):
        return
    refs = tuple(ref for ref in payment.our_refund.refs if ref != answer.refund_ref)
    if refs and refs != payment.our_refund.refs:
        # A part of it failed; what is left when the other parts are done is told then.
        draft.change(our_refund=replace(payment.our_refund, refs=refs))
        return
    _presumed_wrongly(draft, payment, "")
    draft.end_refund()
    if _came_to_nothing(draft, because):
        return
    less = payment.refundable_amount < asked
    if less and payment.state == "refunding":
        give_the_rest(draft)
    elif less and (payment.order_cancelled or not payment.refund_of_sale):
        draft.note(because)
    else:
        if payment.state in ("refunding", "captured"):
            draft.call("refund_failed")
            draft.change(refund_failed_amount=asked)
        if not draft.move(RefundDeclined, because):
            draft.note(because)
