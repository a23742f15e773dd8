"""What an order asks of its payment: a number, its money, a new hold, or that everything is undone. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from payments.payment.rules.details import CaptureWish
from payments.payment.rules.drafting import Draft, NewRequest, Settled
from payments.payment.rules.holds.ends import TOO_OLD, release_hold, request_reauthorization
from payments.payment.rules.holds.others import release_unwanted_holds
from payments.payment.rules.moves import (
    NOT_YET,
    CaptureRequested,
    NumberRequested,
    PartCaptured,
)
from payments.payment.rules.order import Parcel
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms
from shared.events import PaymentCaptured

CAPTURE_LIMIT_REASON = "over_30_days"


def begin(payment: Payment, terms: Terms) -> Settled:
    """Start a payment for a new order: hold the money, or wait until stock is reserved (KON-44).

    An order of 0 yen is paid immediately, and nobody is asked.
    """
    if payment.amount == 0:
        draft = Draft(payment.changed(state="captured"), payment.placed_at)
        draft.say(PaymentCaptured, amount=0, captured_at=payment.placed_at, source="manual_deposit")
        return draft.done()
    if terms.flow == "unmanaged":
        return Settled(payment.changed(state="unmanaged"))
    if terms.flow == "prepaid":
        return Settled(payment)
    return Settled(payment.changed(state="requested"), requests=(NewRequest("authorize", payment.amount),))


def issue_number(payment: Payment, terms: Terms, at: datetime) -> Settled:
    """Request a number after stock is reserved. Do nothing for other flows and for cancelled orders."""
    draft = Draft(payment, at)
    if terms.flow == "prepaid" and draft.move(NumberRequested, "stock reserved"):
        draft.request("issue", payment.amount)
    return draft.done()


def record_sent_parcels(payment: Payment, parcels: Sequence[Parcel], terms: Terms, at: datetime) -> Settled:
    """Keep the sent parcels, and report them to the provider, if the terms ask for it."""
    draft = Draft(payment, at)
    if terms.parcels != "not_kept" and payment.amount:
        for parcel in parcels:
            if parcel not in draft.payment.parcels:
                draft.change(parcels=(*draft.payment.parcels, parcel))
                if terms.parcels == "reported":
                    draft.request("tell_shipped", 0)
    return draft.done()


def capture_after_shipping(payment: Payment, terms: Terms, at: datetime) -> Settled:
    """Capture the money after the whole order was shipped, if the shop's policy says so.

    Before the authorization or a new hold is known, the wish is kept, and done later (OPS-08). So it is for money that
    is captured: the capture may turn out not to have taken place.
    """
    draft = Draft(payment, at)
    if terms.deposit == "capture" and payment.capture_policy == "on_shipped":
        wish = CaptureWish("shipped")
        draft.change(capture_when_held=not payment.order_cancelled)
        if payment.state in NOT_YET or payment.awaits_new_hold:
            draft.change(capture_wish=wish)
        elif payment.state not in ("capturing", "captured"):
            request_capture(draft, wish, terms)
    return draft.done()


def capture_for_staff(
    payment: Payment, terms: Terms, at: datetime, *, send_mail: bool, by: str = "", amount: int | None = None
) -> Settled:
    """Capture after staff pressed 「注文を入金済みにする」, while a provider holds the money (PAY-02, PAY-08).

    ``amount`` in yen, if staff want only a part. The rest stays held if the method allows it (``part_captures``).
    """
    draft = Draft(payment, at, by)
    part = amount if amount is not None and amount < payment.missing_amount else None
    refusal = why_no_deposit(terms) or _why_no_part(payment, terms, part) or _why_no_capture(payment)
    if payment.state == "capturing" and part is None:
        # A capture is in progress. Its answer also answers this wish, or the rest is requested then.
        draft.change(capture_wish=CaptureWish("admin", send_mail))
    elif refusal:
        draft.reject_capture(refusal)
    else:
        request_capture(draft, CaptureWish("admin", send_mail, part), terms)
    return draft.done()


def request_capture(draft: Draft, wish: CaptureWish, terms: Terms) -> None:
    """Request the capture, or publish why it is not possible (AP-39: 30 times 24 hours from the order, inclusive)."""
    payment = draft.payment
    until = payment.holds_until(terms)
    if payment.contradicted:
        # The wish is kept. It is done after the provider's reports agree again, or a person has decided.
        draft.change(capture_wish=wish)
    elif until is not None and draft.at > until:
        draft.change(capture_wish=None)
        draft.reject_capture(CAPTURE_LIMIT_REASON)
        release_hold(draft, TOO_OLD)
    elif not draft.move(CaptureRequested, f"capture asked: {wish.source}"):
        draft.change(capture_wish=None)
        draft.reject_capture(f"not_authorized:{payment.state}")
    else:
        draft.change(capture_wish=wish)
        draft.end_calls("capture requested")
        draft.request("capture", payment.missing_amount if wish.amount is None else wish.amount)


def capture_the_rest(draft: Draft, terms: Terms, because: str) -> None:
    """Request the rest of a hold after a part was captured by Noren, unless only the part was wanted."""
    wish = draft.payment.capture_wish
    if draft.payment.state != "capturing" or not draft.payment.parts:
        return
    draft.move(PartCaptured, because)
    draft.change(capture_wish=None)
    if wish is not None and wish.amount is not None:
        wish = CaptureWish("shipped") if draft.payment.capture_when_held else None
    if wish is not None:
        request_capture(draft, wish, terms)


def do_what_waited(draft: Draft, terms: Terms) -> None:
    """Do what waited while the payment was contradicted: refund what is over, or capture the wanted money."""
    payment = draft.payment
    if payment.contradicted:
        return
    draft.return_unneeded_money()
    if payment.order_cancelled:
        release_unwanted_holds(draft)
    if payment.state == "authorized" and payment.capture_wish is not None and not payment.order_cancelled:
        request_capture(draft, payment.capture_wish, terms)


def may_reauthorize(payment: Payment, terms: Terms) -> bool:
    """Return whether a new hold is possible: an old one ended or may be renewed, and the order still wants its money."""
    hold_ended = payment.state in ("voided", "declined", "expired", "short") and bool(payment.ended_holds)
    certain = not payment.open_chargebacks and not payment.contradicted
    wanted = not payment.order_cancelled and certain and payment.missing_amount > 0
    return terms.may_reauthorize and wanted and (hold_ended or payment.state == "authorized")


def reauthorize(payment: Payment, terms: Terms, at: datetime, *, by: str) -> Settled:
    """Request a new hold for staff (AP-34). A hold that still exists is released first."""
    draft = Draft(payment, at, by)
    if may_reauthorize(payment, terms):
        if release_hold(draft, "reauthorization asked"):
            draft.change(renews_hold=True)
        else:
            request_reauthorization(draft, "reauthorization asked")
    return draft.done()


def cancel(payment: Payment, at: datetime, *, by: str = "") -> Settled:
    """Cancel: release or refund what is here now, and later whatever still arrives (M2, F32)."""
    draft = Draft(payment, at, by)
    if payment.order_cancelled or payment.state == "unmanaged":
        return draft.done()
    draft.change(order_cancelled=True, capture_wish=None, renews_hold=False, capture_when_held=False)
    if payment.state == "captured":
        # The failed refund was one of suspense. Now everything is refunded.
        draft.end_calls("paid order cancelled")
    draft.return_unneeded_money()
    release_unwanted_holds(draft)
    return draft.done()


def why_no_deposit(terms: Terms) -> Literal["not_managed", "automatic_only"] | None:
    """Return why nobody at the shop can make an order of this method 入金済み, or None."""
    if terms.deposit == "never":
        return "not_managed"
    return "automatic_only" if terms.deposit == "automatic" else None


def _why_no_part(payment: Payment, terms: Terms, part: int | None) -> str | None:
    if part is None:
        return None
    if not terms.part_captures or part < 1:
        return "no_part_captures"
    return "capture_under_way" if payment.state == "capturing" else None


def _why_no_capture(payment: Payment) -> str | None:
    if payment.capture_policy == "in_provider_console":
        return "auto_link_off"
    if payment.state == "captured":
        return "already_captured"
    if payment.state == "authorized" and payment.contradicted:
        return "contradicted"
    return None if payment.state == "authorized" else f"not_authorized:{payment.state}"
