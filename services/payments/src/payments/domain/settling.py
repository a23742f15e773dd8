"""What an answer of a provider means for a payment. Pure: the same for a reply, a notice and a look-up."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from payments.domain import journal
from payments.domain.answers import (
    Answer,
    Authorized,
    Captured,
    CaptureDeclined,
    CaptureRefused,
    Declined,
    Expired,
    Issued,
    NeedsBuyer,
    RefundDeclined,
    Refunded,
    Unknown,
    Voided,
)
from payments.domain.asking import ask_capture
from payments.domain.drafting import Draft, Settled
from payments.domain.payment import ABOUT_SPARE_MONEY, NEXT, OVER, Number, Operation, Payment, RefundAsked
from payments.domain.terms import Terms
from shared.events import (
    PaymentAuthorized,
    PaymentCaptured,
    PaymentExpired,
    PaymentFailed,
    PaymentNumberIssued,
    PaymentRefunded,
    PaymentVoided,
)


def settle(
    payment: Payment, operation: Operation | None, answer: Answer, at: datetime, terms: Terms
) -> Settled:
    """Apply ``answer`` to ``payment`` and return what follows from it.

    ``operation`` is the request that was answered, None for a notice or a look-up. What the payment's state
    does not expect is old news and changes nothing but the provider's ids.
    """
    draft = Draft(payment, at)
    draft.remember(answer.refs)
    because = f"{operation or 'look_up'}: {type(answer).__name__}"
    if isinstance(answer, Captured):
        _receive(draft, answer, terms, because)
        if operation == "void" and draft.payment.state == "voiding":
            # Paid in part, so it cannot be closed: what is here goes back as if all of it had come.
            draft.move(Captured, because)
    elif isinstance(answer, Refunded):
        _refunded(draft, answer, because)
    elif type(answer) in NEXT[payment.state] and not payment.heard_before(answer):
        draft.move(type(answer), because)
        _CONSEQUENCES.get(type(answer), _nothing)(draft, answer, terms)
    if draft.payment.order_cancelled:
        draft.give_back("order cancelled")
    return draft.done()


def _nothing(draft: Draft, answer: Answer, terms: Terms) -> None:
    """Only the state changes."""


def _authorized(draft: Draft, answer: Authorized, terms: Terms) -> None:
    draft.change(
        authorization_id=answer.authorization_id,
        provider_status=answer.provider_status,
        instrument=answer.instrument,
        redirect_url="",
    )
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
    wish = draft.payment.capture_wish
    if wish is not None and not draft.payment.order_cancelled:
        ask_capture(draft, wish, terms)


def _declined(draft: Draft, answer: Declined, terms: Terms) -> None:
    draft.change(redirect_url="", provider_status="")
    if draft.payment.state == "declined":
        draft.say(PaymentFailed, reason=answer.reason)
        draft.give_back("declined with part of the money here")
    else:
        _voided(draft, Voided(), terms)


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
    draft.say(
        PaymentNumberIssued,
        amount=draft.payment.amount,
        number=number.number,
        chain=number.chain,
        chain_name=answer.chain_name,
        number_label=number.label,
        confirmation_number=number.confirmation_number,
        due_at=number.due_at,
        page_url=draft.payment.page_url,
    )


def _receive(draft: Draft, answer: Captured, terms: Terms, because: str) -> None:
    """Book money once by its receipt; only what the order is owed, in time, counts as paid."""
    payment = draft.payment
    if answer.receipt_id in payment.receipts:
        return
    draft.change(receipts=(*payment.receipts, answer.receipt_id))
    expected = NEXT[payment.state].get(Captured) == "captured"
    owed = payment.amount - payment.suspense_amount if terms.flow == "prepaid" else answer.amount
    if not expected:
        over = payment.state in OVER
        _suspend(draft, answer.receipt_id, answer.amount, "late_money" if over else "excess_money")
        if over:
            draft.give_back(because)
    elif answer.amount < owed:
        _suspend(draft, answer.receipt_id, answer.amount, "short_money")
    else:
        _fulfil(draft, answer, owed, terms, because)


def _fulfil(draft: Draft, answer: Captured, owed: int, terms: Terms, because: str) -> None:
    """The order is paid: what came before joins the sale, what is too much waits in suspense."""
    payment = draft.payment
    earlier = payment.suspense_amount
    draft.book(journal.sale(answer.receipt_id, owed), journal.allocated(answer.receipt_id, earlier))
    draft.change(
        captured_amount=owed + earlier,
        suspense_amount=0,
        provider_status="売上確定済" if payment.authorization_id else "",
        attention="",
    )
    draft.move(Captured, because)
    _suspend(draft, answer.receipt_id, answer.amount - owed, "excess_money")
    if draft.payment.order_cancelled:
        return
    wish = payment.capture_wish
    draft.say(
        PaymentCaptured,
        amount=draft.payment.captured_amount,
        captured_at=answer.captured_at,
        source=wish.source if wish else terms.captured_source,
        send_mail=wish.send_mail if wish else terms.deposit_mail,
    )


def _suspend(draft: Draft, receipt_id: str, amount: int, attention: str) -> None:
    if amount:
        draft.book(journal.suspended(receipt_id, amount))
        draft.change(suspense_amount=draft.payment.suspense_amount + amount)
        draft.call(attention)


def _capture_declined(draft: Draft, answer: CaptureDeclined | CaptureRefused, terms: Terms) -> None:
    draft.change(capture_wish=None)
    draft.call("capture_failed")
    if draft.payment.state == "declined":
        draft.change(provider_status="")
    draft.reject_capture(answer.reason)


def _voided(draft: Draft, answer: Voided | Expired, terms: Terms) -> None:
    """What is over needs no word, except where somebody counted on it."""
    payment = draft.payment
    draft.change(redirect_url="")
    if payment.authorization_id:
        draft.change(provider_status="取消済")
    if payment.state == "voided":
        if payment.authorization_id:
            draft.say(PaymentVoided)
        elif not payment.order_cancelled:
            draft.say(PaymentFailed, reason="provider_error")
        draft.give_back("voided with part of the money here")
        if isinstance(answer, Voided) and answer.in_doubt:
            draft.ask("void", payment.amount)
    elif payment.number is not None:
        draft.say(PaymentExpired, due_at=payment.number.due_at)
        draft.ask("void", payment.amount)
        draft.give_back("expired with part of the money here")
    else:
        draft.call("authorization_expired")
        draft.reject_capture("authorization_expired")


def _refunded(draft: Draft, answer: Refunded, because: str) -> None:
    """Book money that went back once by its id, also where a person sent it: after our own refund had failed, or
    because too much was paid. Of the latter the order hears nothing; it was never told of that money."""
    payment = draft.payment
    asked = payment.state == "refunding"
    if payment.heard_before(answer) or not (asked or answer.amount <= _owed_back(payment)):
        return
    refund_id = draft.return_money(answer.refund_ref, answer.amount)
    if payment.keeps_its_sale:
        if not draft.payment.spare_amount:
            draft.stop_calling(*ABOUT_SPARE_MONEY)
        return
    left = draft.payment.held_amount > 0
    if not left:
        draft.change(attention="")
        draft.move(RefundAsked, because)
    elif asked:
        draft.call("late_money")
    if draft.move(Refunded, because):
        draft.change(provider_status="返金済" if payment.authorization_id else "")
    draft.say(PaymentRefunded, refund_id=refund_id, amount=answer.amount, route=answer.route)


def _owed_back(payment: Payment) -> int:
    """Return how much of the money here no order needs, while no request about it is under way."""
    if payment.keeps_its_sale:
        return payment.spare_amount
    return payment.held_amount if payment.state in OVER else 0


def _refund_declined(draft: Draft, answer: RefundDeclined, terms: Terms) -> None:
    if answer.refund_ref:
        draft.change(failed_refunds=(*draft.payment.failed_refunds, answer.refund_ref))
    draft.call("refund_failed")


_CONSEQUENCES: dict[type, Callable[[Draft, Any, Terms], None]] = {
    Authorized: _authorized,
    Declined: _declined,
    NeedsBuyer: _needs_buyer,
    Issued: _issued,
    CaptureDeclined: _capture_declined,
    CaptureRefused: _capture_declined,
    Voided: _voided,
    Expired: _voided,
    RefundDeclined: _refund_declined,
    Unknown: _nothing,
}
