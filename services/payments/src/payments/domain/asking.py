"""What the shop may ask of a payment: a number, its money, or that all be undone. Pure."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from payments.domain.drafting import Ask, Draft, Settled
from payments.domain.payment import NOT_YET, CaptureAsked, CaptureWish, NumberAsked, Payment, RefundAsked
from payments.domain.terms import Terms

CAPTURE_LIMIT_REASON = "over_30_days"


def begin(payment: Payment, terms: Terms) -> Settled:
    """Start a payment for an order just placed: hold the money, or wait until stock is held (KON-44)."""
    if terms.flow == "unmanaged":
        return Settled(replace(payment, state="unmanaged"))
    if terms.flow == "prepaid":
        return Settled(payment)
    return Settled(replace(payment, state="requested"), asks=(Ask("authorize", payment.amount),))


def issue_number(payment: Payment, terms: Terms, at: datetime) -> Settled:
    """Stock is held, so the buyer may get a number; nothing to do for other flows or cancelled orders."""
    draft = Draft(payment, at)
    if terms.flow == "prepaid" and draft.move(NumberAsked, "stock reserved"):
        draft.ask("issue", payment.amount)
    return draft.done()


def capture_after_shipping(payment: Payment, terms: Terms, at: datetime) -> Settled:
    """The whole order is shipped: take the money if the shop's policy says so.

    Before the authorization is known the wish is remembered, and acted upon when it is (OPS-08).
    """
    draft = Draft(payment, at)
    if terms.deposit == "capture" and payment.capture_policy == "on_shipped" and payment.state != "captured":
        wish = CaptureWish("shipped")
        if payment.state in NOT_YET:
            draft.change(capture_wish=wish)
        elif payment.state != "capturing":
            ask_capture(draft, wish, terms)
    return draft.done()


def capture_for_staff(payment: Payment, terms: Terms, at: datetime, *, send_mail: bool) -> Settled:
    """Staff pressed 「注文を入金済みにする」 on an order whose money a provider holds (PAY-02, PAY-08)."""
    draft = Draft(payment, at)
    refusal = _why_no_deposit(terms) or _why_no_capture(payment)
    if payment.state == "capturing":
        # Already asked for; the answer to that will be the answer to this.
        draft.change(capture_wish=CaptureWish("admin", send_mail))
    elif refusal:
        draft.reject_capture(refusal)
    else:
        ask_capture(draft, CaptureWish("admin", send_mail), terms)
    return draft.done()


def ask_capture(draft: Draft, wish: CaptureWish, terms: Terms) -> None:
    """Ask the provider for the money, or say why not (AP-39: 30 times 24 hours from the order, inclusive)."""
    payment = draft.payment
    limit = terms.capture_days_max
    if limit is not None and draft.at - payment.placed_at > timedelta(days=limit):
        draft.change(capture_wish=None)
        draft.reject_capture(CAPTURE_LIMIT_REASON)
    elif not draft.move(CaptureAsked, f"capture asked: {wish.source}"):
        draft.change(capture_wish=None)
        draft.reject_capture(f"not_authorized:{payment.state}")
    else:
        draft.change(capture_wish=wish, attention="")
        draft.ask("capture", payment.amount)


def cancel(payment: Payment, at: datetime) -> Settled:
    """The order is cancelled: give back what is held now, and later whatever still arrives (M2, F32)."""
    draft = Draft(payment, at)
    if payment.order_cancelled or payment.state == "unmanaged":
        return draft.done()
    draft.change(order_cancelled=True, capture_wish=None)
    draft.give_back("order cancelled")
    return draft.done()


def refund_again(payment: Payment, at: datetime) -> Settled:
    """Staff want a refund that failed to be tried once more: all that is here by now."""
    draft = Draft(payment, at)
    if may_refund_again(payment) and draft.move(RefundAsked, "refund asked again"):
        draft.ask("refund", payment.held_amount)
    return draft.done()


def may_refund_again(payment: Payment) -> bool:
    """Return whether money is here that a refund failed to give back."""
    return payment.state == "owed" and payment.held_amount > 0


def expect_deposit(payment: Payment, wish: CaptureWish) -> Payment:
    """Return the payment with the wish that belongs to a deposit about to be recorded."""
    return replace(payment, capture_wish=wish)


def why_no_manual_deposit(payment: Payment, terms: Terms) -> str | None:
    """Return why staff may not record a deposit for this payment, or None."""
    if terms.deposit != "by_hand":
        return _why_no_deposit(terms) or "not_by_hand"
    if payment.state == "captured":
        return "already_captured"
    return None


def _why_no_deposit(
    terms: Terms,
) -> Literal["not_managed", "automatic_only"] | None:
    if terms.deposit == "never":
        return "not_managed"
    return "automatic_only" if terms.deposit == "automatic" else None


def _why_no_capture(payment: Payment) -> str | None:
    if payment.capture_policy == "in_provider_console":
        return "auto_link_off"
    if payment.state == "captured":
        return "already_captured"
    return None if payment.state == "authorized" else f"not_authorized:{payment.state}"
