"""Which refund that a provider reports is Noren's, what ends Noren's request, and how others are booked. Pure.

A request for a refund ends only with its own answer. That is the reply to it. After a reply with the provider's id,
it is also a look-up that reports this id. Any other refund is booked once and ends nothing, whatever its amount is.
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
from payments.payment.rules.payment import Payment
from payments.payment.rules.refunds.bookings import book_refund, cover_losses, request_the_rest
from payments.payment.rules.refunds.mismatches import (
    call_for_missing_refund,
    check_reported_refund,
    check_reported_sum,
)
from payments.payment.rules.refunds.names import SUM, keep_route, next_name


def book_refund_answer(draft: Draft, answer: Refunded, because: str, *, by_noren: bool) -> None:
    """Book a refund once by its id, whoever requested it.

    ``by_noren``: it is the answer to Noren's request. Only this, or its id in a look-up, ends the request.
    """
    payment = draft.payment
    if is_in_doubt(payment, answer):
        return
    by_noren = by_noren or payment.is_ours(answer.refund_ref)
    if answer.refund_ref in payment.unfit_refund_refs:
        left = tuple(one for one in payment.unfit_refund_refs if one != answer.refund_ref)
        draft.change(unfit_refund_refs=left)
    known = 0
    if booked_before := answer.refund_ref in payment.refunds:
        check_reported_refund(draft, answer)
    else:
        draft.change(refund_amounts={**payment.refund_amounts, answer.refund_ref: answer.amount})
        known = _book_new_refund(draft, answer, because, by_noren=by_noren)
    if by_noren:
        own = {answer.refund_ref: answer.amount, **draft.payment.own_refunds}
        draft.change(own_refunds=own)
        summed = payment.our_refund.presumed_ref.startswith(SUM)
        if not (summed and (booked_before or known == answer.amount)):
            _correct_presumption(draft, payment, answer.refund_ref)
        _complete_own_refund(draft, answer)


def _complete_own_refund(draft: Draft, answer: Refunded) -> None:
    """Record that Noren's refund is completed, or a part that the provider refunded separately. The rest is in progress."""
    our_refund, left = draft.payment.our_refund, draft.payment.refund_requested_amount - answer.amount
    if left > 0:
        open_refs = tuple(one for one in our_refund.refs if one != answer.refund_ref)
        our_refund = replace(our_refund, refs=open_refs, done_refs=(*our_refund.done_refs, answer.refund_ref))
        draft.change(refund_requested_amount=left, our_refund=our_refund)
    else:
        draft.end_refund()
        request_the_rest(draft)


def _book_new_refund(draft: Draft, answer: Refunded, because: str, *, by_noren: bool) -> int:
    """Book a refund with a new id, without the yen that the sum reported before. Return these yen."""
    payment = draft.payment
    known = _known_by_sum(payment, answer, by_noren=by_noren)
    presumed = not by_noren and _may_be_ours(payment, answer, known)
    if not by_noren and not presumed and _match_record(draft, answer):
        return 0
    draft.change(unnamed_refund_amount=payment.unnamed_refund_amount - known)
    if presumed:
        draft.change(our_refund=replace(payment.our_refund, presumed_ref=answer.refund_ref))
    book_refund(
        draft, answer.refund_ref, answer.amount - known, answer.route, because, by_noren=by_noren or presumed
    )
    return known


def _known_by_sum(payment: Payment, answer: Refunded, *, by_noren: bool) -> int:
    """Return how much of a refund was in the provider's sum before its id was known.

    Noren's refund is in no sum from before its request. If the amount is not certain, the higher one
    counts. The next sum then shows what was not booked.
    """
    most = min(payment.unnamed_refund_amount, answer.amount)
    if not by_noren:
        return most
    before = max(payment.our_refund.refunded_before, answer.refunded_before)
    return min(most, max(payment.reported_refunds_amount - before, 0))


def _may_be_ours(payment: Payment, answer: Refunded, known: int) -> bool:
    """Return whether a refund with an id is presumed to be Noren's, which has none yet.

    It has the same amount and is new, or it names the refund that the sum presumed.
    """
    our_refund = payment.our_refund
    if our_refund.refs or our_refund.done_refs or answer.amount != payment.refund_requested_amount:
        return False
    return known == (answer.amount if our_refund.presumed_ref.startswith(SUM) else 0) and (
        not our_refund.presumed_ref or our_refund.presumed_ref.startswith(SUM)
    )


def _correct_presumption(draft: Draft, before: Payment, own_ref: str) -> None:
    """Call staff if a refund that was presumed to be Noren's belonged to others. ``own_ref`` is Noren's id, if known."""
    presumed = before.our_refund.presumed_ref
    if presumed and presumed != own_ref:
        draft.change(our_refund=replace(draft.payment.our_refund, presumed_ref=""))
        if before.goes_on:
            draft.call("refund by others")
            draft.note("refund was of others", f"¥{before.refund_requested_amount:,}")


def remember_refund_ids(draft: Draft, answer: Refunded | RefundWaiting | Unknown) -> None:
    """Keep the refund's id, and the sum before the refund, from a reply to Noren's request."""
    payment = draft.payment
    if not payment.refund_requested_amount:
        return
    our_refund = payment.our_refund
    refunded_before = max(our_refund.refunded_before, answer.refunded_before)
    reported = answer.refund_refs if isinstance(answer, RefundWaiting) else ()
    known_refs = (*our_refund.refs, *our_refund.done_refs, *payment.failed_refunds)
    fresh = tuple(ref for ref in reported if ref not in known_refs)
    draft.change(
        our_refund=replace(our_refund, refs=(*our_refund.refs, *fresh), refunded_before=refunded_before)
    )
    if reported and our_refund.presumed_ref not in reported:
        _correct_presumption(draft, payment, "")


def book_refund_sum(draft: Draft, answer: RefundedInAll, because: str) -> None:
    """Book the part of the provider's sum that exceeds the refunds with ids."""
    payment = draft.payment
    if payment.unfit_refund_refs or payment.refund_amounts_in_doubt.keys() - {SUM}:
        return
    beyond = answer.amount - payment.reported_refunds_amount
    check_reported_sum(draft, answer)
    if beyond <= 0:
        return
    ref, our_refund = next_name(payment, f"{SUM}{answer.amount}"), payment.our_refund
    presumed = beyond == payment.refund_requested_amount and not our_refund.presumed_ref
    if presumed:
        draft.change(our_refund=replace(our_refund, presumed_ref=ref))
    draft.change(unnamed_refund_amount=payment.unnamed_refund_amount + beyond)
    book_refund(draft, ref, beyond, answer.route, because, by_noren=presumed)


def _match_record(draft: Draft, answer: Refunded) -> bool:
    """Match a refund with the record that staff made of it before the report. It is one refund, not two."""
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


def _book_out_lost_receipts(draft: Draft, because: str) -> bool:
    """Book out a receipt that was taken back while a refund of its money was in progress.

    Return True if nothing is here then.
    """
    payment = draft.payment
    if not payment.losses or not payment.held_amount:
        return False
    cover_losses(draft, f"unrefunded:{payment.version}", because)
    if draft.payment.held_amount:
        return False
    if not (payment.captured_amount or draft.payment.losses):
        # The money never paid for the order, and nothing was lost.
        draft.end_calls("nothing paid and nothing lost")
    if not draft.move(NothingLeft, because):
        draft.note(because)
    return True


def end_doubted_refund(draft: Draft, because: str) -> None:
    """End Noren's refund after staff have seen that it has another amount than the request. The request ends, too.

    The refund counts as the provider reports it. Staff request the rest, or refund it by another way.
    """
    draft.change(unfit_refund_refs=())
    draft.deny("refund")
    ended = RefundDeclined(reason="amount_differs")
    record_declined_refund(draft, ended, because, by_noren=True, rest_by_staff=True)


def record_declined_refund(
    draft: Draft, answer: RefundDeclined, because: str, *, by_noren: bool, rest_by_staff: bool = False
) -> None:
    """Record that Noren's refund failed. A person is called, unless others refunded part of the money meanwhile.

    Noren then requests the rest, unless this is ``rest_by_staff``. A look-up of a refund that is not known to be
    Noren's ends nothing.
    """
    payment = draft.payment
    by_noren = by_noren or payment.is_ours(answer.refund_ref)
    if answer.refund_ref and answer.refund_ref not in payment.failed_refunds:
        draft.change(failed_refunds=(*payment.failed_refunds, answer.refund_ref))
    # It may have been reported as completed before.
    call_for_missing_refund(draft, answer.refund_ref)
    requested = payment.refund_requested_amount
    if not by_noren or not (requested or payment.state == "refunding"):
        return
    refs = tuple(ref for ref in payment.our_refund.refs if ref != answer.refund_ref)
    if refs and refs != payment.our_refund.refs:
        # One part of it failed. The remaining amount is reported after the other parts are completed.
        draft.change(our_refund=replace(payment.our_refund, refs=refs))
        return
    _correct_presumption(draft, payment, "")
    draft.end_refund()
    if _book_out_lost_receipts(draft, because):
        return
    less = payment.refundable_amount < requested
    refunding = payment.state == "refunding"
    if less and refunding and not rest_by_staff:
        request_the_rest(draft)
    elif less and not refunding and (payment.order_cancelled or not payment.refund_of_sale):
        draft.note(because)
    else:
        if payment.state in ("refunding", "captured"):
            draft.call("refund declined")
            draft.change(refund_failed_amount=requested)
        if not draft.move(RefundDeclined, because):
            draft.note(because)


def is_in_doubt(payment: Payment, answer: Refunded) -> bool:
    """Return whether the amount of a refund still differs from the request. It does not count until a person has looked."""
    return answer.refund_ref in payment.unfit_refund_refs and answer.amount != payment.refund_requested_amount
