"""What an answer of a provider means for a payment. Pure: the same for a reply, a notice and a look-up."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from payments.payment.rules.answers import (
    Answer,
    Authorized,
    Captured,
    CaptureDeclined,
    CaptureRefused,
    Chargeback,
    Declined,
    Expired,
    Issued,
    NeedsBuyer,
    NoLongerReported,
    OtherHold,
    RefundDeclined,
    Refunded,
    RefundedInAll,
    RefundWaiting,
    Reversed,
    ShippingRefused,
    Unknown,
    UnnamedCharges,
    Voided,
    stored_name,
)
from payments.payment.rules.chargebacks import apply_chargeback
from payments.payment.rules.details import CaptureWish, Number
from payments.payment.rules.drafting import Draft, Settled
from payments.payment.rules.holds.ends import AGAIN, end_hold, request_reauthorization
from payments.payment.rules.holds.others import record_other_hold, record_unnamed_charges
from payments.payment.rules.moves import (
    ENDS_A_HOLD,
    NEXT,
    CapturedInPart,
    HoldHereAgain,
    Operation,
    ShortMoneyHere,
)
from payments.payment.rules.numbers import check_reported_number, say_number
from payments.payment.rules.order_wishes import capture_the_rest, request_capture
from payments.payment.rules.payment import MISMATCH, Payment
from payments.payment.rules.receipts import await_hold_of_lost_capture, receive, take_back_receipt
from payments.payment.rules.refunds.answers import (
    book_refund_answer,
    book_refund_sum,
    record_declined_refund,
    remember_refund_ids,
)
from payments.payment.rules.reports.known import reported_before
from payments.payment.rules.reports.objects import (
    as_named_here,
    call_for_missing_objects,
    disowned_object,
    record_report_of_disowned,
    without_doubt_about,
)
from payments.payment.rules.terms import Terms
from shared.events import (
    PaymentAuthorized,
    PaymentExpired,
    PaymentFailed,
    PaymentVoided,
)


def settle_answer(
    payment: Payment,
    operation: Operation | None,
    answer: Answer,
    at: datetime,
    terms: Terms,
    *,
    because: str = "",
    by: str = "",
) -> Settled:
    """Apply ``answer`` to ``payment`` and return the result.

    ``operation`` is the answered request, None for a notice or a look-up. An answer that the state does not expect
    changes only the provider's ids. The history shows ``because`` and ``by`` if somebody other than the provider
    reported it. Events about a request name the person who had asked for it.
    """
    draft = Draft(payment, at, by, requested_by=payment.requested_by if operation else "")
    if ref := disowned_object(payment, answer):
        record_report_of_disowned(draft, ref, answer)
        return draft.done()
    draft.payment = without_doubt_about(payment, answer)
    answer = as_named_here(payment, answer)
    draft.remember(answer.refs)
    because = because or f"{operation or 'look_up'}: {stored_name(type(answer))}"
    by_noren = operation == "refund"
    if by_noren and isinstance(answer, Refunded | RefundWaiting | Unknown):
        remember_refund_ids(draft, answer)
    match answer:
        case NoLongerReported():
            call_for_missing_objects(draft, answer)
        case Captured():
            receive(draft, answer, terms, because, operation)
            if operation == "capture":
                capture_the_rest(draft, terms, because)
        case Reversed():
            take_back_receipt(draft, answer, because)
        case Refunded():
            book_refund_answer(draft, answer, because, by_noren=by_noren)
        case RefundedInAll():
            book_refund_sum(draft, answer, because)
        case RefundDeclined():
            record_declined_refund(draft, answer, because, by_noren=by_noren)
        case Chargeback():
            apply_chargeback(draft, answer, because)
        case ShippingRefused():
            draft.call("report of a parcel refused")
            draft.note(because)
        case _ if operation == "tell_shipped":
            # The money does not depend on the report of a parcel.
            return draft.done()
        case OtherHold():
            record_other_hold(draft, answer)
        case UnnamedCharges():
            record_unnamed_charges(draft, answer)
        case Issued() if payment.number is not None:
            check_reported_number(draft, answer)
        case Unknown(mismatch=True):
            _call_for_unfit_answer(draft, answer, terms, because)
        case Authorized() | Voided() | Expired() | CaptureDeclined() if is_counted_again(payment, answer):
            _hold_again(draft, answer, because, terms)
        case _ if type(answer) in NEXT[payment.state] and not reported_before(payment, answer):
            _move(draft, answer, terms, because)
    await_hold_of_lost_capture(draft, because)
    draft.return_unneeded_money()
    return draft.done()


def _move(draft: Draft, answer: Answer, terms: Terms, because: str) -> None:
    by: type = type(answer)
    if by is Declined and draft.payment.state == "reauthorizing" and draft.payment.held_amount:
        by = CapturedInPart
    if by in ENDS_A_HOLD and draft.payment.keeps_parts:
        _ended_with_parts(draft, because, terms)
        return
    draft.move(by, because)
    _CONSEQUENCES.get(type(answer), _only_move)(draft, answer, terms)


def _ended_with_parts(draft: Draft, because: str, terms: Terms) -> None:
    """End a hold of which a part was captured. The order goes on, and its money is short."""
    payment = draft.payment
    draft.move(CapturedInPart, because)
    draft.change(redirect_url="", provider_status="")
    draft.call("hold ended after a part")
    if payment.renews_hold:
        draft.change(ended_holds=(*payment.ended_holds, payment.authorization_id))
        request_reauthorization(draft, "hold given back to be renewed")
    else:
        end_hold(draft, "captured_in_part", terms)


def _call_for_unfit_answer(draft: Draft, answer: Unknown, terms: Terms, because: str) -> None:
    """Call a person, because the answer is about something else than the request.

    A refund with another amount is not booked until the person has looked.
    """
    if answer.unfit_refund_ref and answer.unfit_refund_ref not in draft.payment.unfit_refund_refs:
        draft.change(unfit_refund_refs=(*draft.payment.unfit_refund_refs, answer.unfit_refund_ref))
    if answer.ref_of_others and answer.ref_of_others not in draft.payment.refs_of_others:
        draft.change(refs_of_others=(*draft.payment.refs_of_others, answer.ref_of_others))
    if MISMATCH not in draft.payment.calls:
        draft.call("answer about something else")
        draft.note("answer does not fit", answer.reason)
    if type(answer) in NEXT[draft.payment.state]:
        _move(draft, answer, terms, because)


def is_counted_again(payment: Payment, answer: Authorized | Voided | Expired | CaptureDeclined) -> bool:
    """Return whether ``answer`` is the first one about the payment's hold since staff counted it again."""
    hold = payment.authorization_id
    waits = HoldHereAgain in NEXT[payment.state] and f"{AGAIN}{hold}" in payment.refs
    return waits and answer.authorization_id == hold


def _hold_again(
    draft: Draft, answer: Authorized | Voided | Expired | CaptureDeclined, because: str, terms: Terms
) -> None:
    """Treat the reported hold as the order's hold again, or record that it ended.

    Money that came meanwhile came by this hold, or instead of it, even if it was refunded since. Staff see what it
    pays. A receipt that was taken back is no such money.
    """
    name = f"{AGAIN}{answer.authorization_id}"
    draft.change(refs={one: ref for one, ref in draft.payment.refs.items() if one != name})
    unreal = sum(loss.amount for loss in draft.payment.losses if loss.kind == "receipt")
    if isinstance(answer, Authorized) and draft.payment.received_amount <= unreal:
        draft.move(HoldHereAgain, because)
        _authorized(draft, answer, terms)
        return
    draft.change(ended_holds=(*draft.payment.ended_holds, answer.authorization_id))
    if (
        draft.payment.held_amount
        and not draft.payment.order_cancelled
        and draft.move(ShortMoneyHere, because)
    ):
        draft.call("money below the total")


def _only_move(draft: Draft, answer: Answer, terms: Terms) -> None:
    """Do nothing: only the state changes."""


def _authorized(draft: Draft, answer: Authorized, terms: Terms) -> None:
    draft.change(
        authorization_id=answer.authorization_id,
        provider_status=answer.provider_status,
        instrument=answer.instrument,
        redirect_url="",
    )
    draft.end_calls("held")
    if draft.payment.ended_holds:
        draft.change(reauthorized_at=answer.authorized_at)
    draft.say(
        PaymentAuthorized,
        authorization_id=answer.authorization_id,
        amount=answer.amount,
        card_amount=answer.card_amount,
        gift_balance_amount=answer.gift_balance_amount,
        instrument=answer.instrument,
        authorized_at=answer.authorized_at,
        provider_status=answer.provider_status,
    )
    wish = draft.payment.capture_wish or (CaptureWish("shipped") if draft.payment.capture_when_held else None)
    if wish is not None and not draft.payment.order_cancelled:
        request_capture(draft, wish, terms)


def _declined(draft: Draft, answer: Declined, terms: Terms) -> None:
    draft.change(redirect_url="", provider_status="")
    if draft.payment.state == "voided":
        _voided(draft, Voided(), terms)
    elif draft.payment.ended_holds:
        end_hold(draft, "reauthorization_declined", terms)
    else:
        draft.say(PaymentFailed, reason=answer.reason)
        if answer.in_doubt:
            draft.request("void", draft.payment.amount)
        draft.release_or_refund("declined with part of the money here")


def _needs_buyer(draft: Draft, answer: NeedsBuyer, terms: Terms) -> None:
    draft.change(redirect_url=answer.redirect_url)


def _issued(draft: Draft, answer: Issued, terms: Terms) -> None:
    number = Number(
        number=answer.number,
        label=answer.number_label,
        due_at=answer.due_at,
        chain=answer.chain,
        confirmation_number=answer.confirmation_number,
    )
    draft.change(number=number)
    if draft.payment.order_cancelled:
        return
    say_number(draft, number, answer.chain_name, terms)


def _capture_declined(draft: Draft, answer: CaptureDeclined, terms: Terms) -> None:
    """Record that the hold is gone. ``CaptureRejected`` has the reason; the order learns that nothing is held any more."""
    draft.change(provider_status="")
    if draft.payment.capture_wish is not None:
        draft.reject_capture(answer.reason)
    draft.change(capture_wish=None)
    draft.call("capture declined")
    end_hold(draft, "capture_declined", terms)


def _capture_refused(draft: Draft, answer: CaptureRefused, terms: Terms) -> None:
    """Record that a capture is not possible now. The hold still exists, and staff may try again."""
    draft.change(capture_wish=None)
    draft.call("capture refused")
    draft.reject_capture(answer.reason)


def _voided(draft: Draft, answer: Voided | Expired, terms: Terms) -> None:
    """Record the end of a hold or number. An event is published only if somebody counted on it."""
    payment = draft.payment
    draft.change(redirect_url="")
    if payment.authorization_id:
        draft.change(provider_status="取消済")
    if payment.state == "voided":
        _released(draft, terms)
        if isinstance(answer, Voided) and answer.in_doubt:
            draft.request("void", payment.amount)
    elif payment.number is not None:
        draft.say(PaymentExpired, due_at=payment.number.due_at)
        draft.request("void", payment.amount)
        draft.release_or_refund("expired with part of the money here")
    else:
        end_hold(draft, "expired", terms)


def _released(draft: Draft, terms: Terms) -> None:
    """Record that the hold was released or the number closed, by a request of Noren or in the provider's console."""
    payment = draft.payment
    if payment.renews_hold and not payment.order_cancelled:
        draft.change(ended_holds=(*payment.ended_holds, payment.authorization_id))
        request_reauthorization(draft, "hold given back to be renewed")
        return
    if payment.authorization_id:
        until = payment.holds_until(terms)
        draft.say(PaymentVoided, by=draft.person)
        end_hold(draft, "expired" if until is not None and draft.at > until else "voided", terms)
    elif not payment.order_cancelled:
        draft.say(PaymentFailed, reason="provider_error")
    elif payment.number is not None:
        draft.say(PaymentVoided, by=draft.person)
    draft.release_or_refund("voided with part of the money here")


_CONSEQUENCES: dict[type, Callable[[Draft, Any, Terms], None]] = {
    Authorized: _authorized,
    Declined: _declined,
    NeedsBuyer: _needs_buyer,
    Issued: _issued,
    CaptureDeclined: _capture_declined,
    CaptureRefused: _capture_refused,
    Voided: _voided,
    Expired: _voided,
    Unknown: _only_move,
}
