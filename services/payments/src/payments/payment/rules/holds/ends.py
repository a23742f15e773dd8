"""The end of Noren's own hold: released, ended by the provider, or requested once more. Pure."""

from datetime import datetime

from payments.payment.rules.drafting import Draft, Settled
from payments.payment.rules.moves import ReauthorizationRequested, VoidRequested
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms
from shared.events import AuthorizationEnded, HoldEndReason

TOO_OLD = "hold too old"
AGAIN = "counted_again_"
"""The prefix of the ref that marks a hold as counted again, until a look-up reports it."""


def release_hold(draft: Draft, because: str) -> bool:
    """Release a hold that cannot pay the order. Return False if nothing is held."""
    held = draft.payment.state == "authorized" and draft.move(VoidRequested, because)
    if held:
        draft.request("void", draft.payment.amount)
    return held


def release_hold_if_too_old(payment: Payment, terms: Terms, at: datetime) -> Settled:
    """Release a hold that may not be captured any more. The order gets an event (AP-39)."""
    draft = Draft(payment, at)
    until = payment.holds_until(terms)
    if until is not None and at > until and not payment.contradicted:
        release_hold(draft, TOO_OLD)
    return draft.done()


def request_reauthorization(draft: Draft, because: str) -> bool:
    """Request a new hold of the missing amount. Return False if this is not possible now."""
    requested = draft.move(ReauthorizationRequested, because)
    if requested:
        draft.change(renews_hold=False, provider_status="")
        draft.request("reauthorize", draft.payment.missing_amount)
    return requested


def await_hold_again(draft: Draft, hold: str) -> None:
    """Mark a hold that had ended, or was captured, as counted again. The next look-up decides what it is."""
    draft.change(holds_here_again=draft.payment.holds_here_again + 1)
    draft.remember({f"{AGAIN}{hold}": hold})


def end_hold(draft: Draft, reason: HoldEndReason, terms: Terms) -> None:
    """Publish that nothing is held any more although the order goes on. Reject the capture that somebody wanted."""
    payment = draft.payment
    if payment.authorization_id and payment.authorization_id not in payment.ended_holds:
        draft.change(ended_holds=(*payment.ended_holds, payment.authorization_id))
    if payment.order_cancelled:
        return
    if payment.capture_wish is not None:
        draft.reject_capture("authorization_expired" if reason == "expired" else f"not_authorized:{reason}")
    draft.change(capture_wish=None)
    draft.call("hold ended")
    draft.say(
        AuthorizationEnded,
        authorization_id=payment.authorization_id,
        reason=reason,
        may_reauthorize=terms.may_reauthorize,
        by=draft.person if reason == "voided" else draft.by,
    )
