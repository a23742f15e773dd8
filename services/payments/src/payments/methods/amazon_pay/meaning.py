"""What Amazon's objects mean for a payment. Pure."""

from dataclasses import replace

from payments.methods.amazon_pay.charges import Charge, Refund
from payments.methods.amazon_pay.client import NoAnswer, SaysNo
from payments.methods.amazon_pay.objects import StatusDetails
from payments.methods.amazon_pay.sessions import Session
from payments.payment.rules.answers import (
    Answer,
    Authorized,
    Captured,
    CaptureDeclined,
    Declined,
    Expired,
    FailureReason,
    OtherHold,
    RefundDeclined,
    Refunded,
    RefundWaiting,
    Unknown,
    Voided,
    Waiting,
)

GIFT_CARD = "ギフト"
LATE_ANSWER_SECONDS = 60.0
"""The pause until the next look whether a lost request completed the session of a cancelled order."""

# PAY-22. Amazon publishes no code for most causes. The description is the best source, if it names a cause.
_CAUSES: dict[str, FailureReason] = {
    "InsufficientFunds": "insufficient_balance",
    "InvalidCardData": "wrong_card_data",
    "PaymentMethodInvalid": "wrong_card_data",
    "PaymentMethodExpired": "expired_card",
    "TransactionAmountExceeded": "limit_exceeded",
    "PeriodicAmountExceeded": "limit_exceeded",
    "AmountMismatch": "amount_mismatch",
    "BuyerCanceled": "buyer_abandoned",
    "Expired": "buyer_abandoned",
    "AmazonCanceled": "provider_error",
    "ProcessingFailure": "provider_error",
    "TransactionTimedOut": "provider_error",
    "SoftDeclined": "declined",
    "HardDeclined": "declined",
    "AmazonRejected": "declined",
    "PaymentMethodNotAllowed": "declined",
    "MFANotCompleted": "declined",
}
# Refusals that are documented as final and name no cause: the object does not exist, or it ended.
_NEVER = {
    "ResourceNotFound",
    "InvalidRequest",
    "InvalidParameterValue",
    "MissingParameterValue",
    "InvalidChargeStatus",
    "InvalidChargePermissionStatus",
    "InvalidCheckoutSessionStatus",
    "ChargePermissionCanceled",
    "ChargePermissionNotModifiable",
    "CheckoutSessionCanceled",
    "CurrencyMismatch",
    "TransactionCountExceeded",
}
# Refusals after which nothing happened, but a repetition may succeed: the shop's own set-up is wrong (F39).
_OUR_FAULT = {
    "InvalidRequestSignature",
    "InvalidAuthentication",
    "UnauthorizedAccess",
    "InvalidAccountStatus",
}


def declined(details: StatusDetails) -> Declined:
    """Return why a session or a charge failed."""
    for cause in (details.reason_description, details.reason_code):
        if cause in _CAUSES:
            return Declined(reason=_CAUSES[cause], detail=cause)
    return Declined(reason="declined", detail=details.reason_code or "")


def refused(no: SaysNo) -> Declined | Unknown:
    """Return what a refusal of the authorization means. A refusal that is not documented as final is unknown."""
    if no.code not in _CAUSES and no.code not in _NEVER:
        return Unknown(reason=no.code)
    return Declined(reason=_CAUSES.get(no.code, "provider_error"), detail=no.code)


def unclear(gap: NoAnswer) -> Unknown:
    """Return ``Unknown``: a missing answer is no failure."""
    return Unknown(
        reason=gap.reason,
        retry_after_seconds=gap.retry_after_seconds,
        mismatch=gap.mismatch,
        ref_of_others=gap.ref_of_others,
    )


def is_our_fault(no: SaysNo) -> bool:
    """Return whether the refusal is about the shop's set-up (keys, account), and not about the request."""
    return no.code in _OUR_FAULT


def of_session(session: Session) -> Declined | None:
    """Return what an ended session without a charge means; None while it is open."""
    return declined(session.status_details) if session.state == "Canceled" else None


def of_voided_session(session: Session, seconds_old: float = 0) -> Waiting | Voided | None:
    """Return what the session of a voided payment means; None if a late request made a charge.

    An open session can still be completed. Amazon ends it a day after the buyer began. Each pause is as long as the
    age of the order.
    """
    if session.state == "Open":
        return Waiting(ask_again_seconds=max(LATE_ANSWER_SECONDS, seconds_old))
    return Voided() if session.state == "Canceled" else None


def of_charge(charge: Charge, instrument: str, refs: dict[str, str], *, held: bool) -> list[Answer]:
    """Return everything that a charge means, oldest first.

    `held`: the charge is known to have held money. Then a hold ended, and not the first attempt.
    """
    details, state = charge.status_details, charge.state
    amount, at = charge.charge_amount.amount, charge.creation_timestamp
    is_gift = GIFT_CARD in instrument
    granted = Authorized(
        refs=refs,
        authorization_id=charge.charge_id,
        amount=amount,
        authorized_at=details.last_updated_timestamp if state == "Authorized" else at,
        instrument=instrument,
        card_amount=0 if is_gift else amount,
        gift_balance_amount=amount if is_gift else 0,
    )
    match state:
        case "AuthorizationInitiated":
            return [Waiting(refs=refs)]
        case "Authorized":
            return [granted]
        case "CaptureInitiated":
            return [granted, Waiting(refs=refs)]
        case "Captured":
            return [granted, _captured(charge, refs)]
        case "Declined" if held:
            reason = details.reason_code or "declined"
            return [CaptureDeclined(refs=refs, reason=reason, authorization_id=charge.charge_id)]
        case "Declined":
            why = declined(details)
            return [Declined(refs=refs, reason=why.reason, detail=why.detail)]
        case "Canceled" if details.reason_code == "ExpiredUnused":
            return [granted, Expired(refs=refs, authorization_id=charge.charge_id)]
        case "Canceled":
            return [Voided(refs=refs, authorization_id=charge.charge_id)]
    return [Unknown(refs=refs, reason=f"charge in state {state}")]


def of_new_hold(charge: Charge, instrument: str) -> Answer:
    """Return what a charge of a re-authorization means: it holds the money, or the attempt failed."""
    refs = {"charge_id": charge.charge_id}
    first = of_charge(charge, instrument, refs, held=False)[0]
    if isinstance(first, Voided):
        why = declined(charge.status_details)
        return Declined(refs=refs, reason=why.reason, detail=why.detail)
    return first


def of_other_charge(charge: Charge) -> list[Answer]:
    """Return everything that a charge of others on the same permission means: money, or a hold that is not Noren's."""
    stands = charge.state in ("AuthorizationInitiated", "Authorized", "CaptureInitiated")
    held = OtherHold(authorization_id=charge.charge_id, amount=charge.charge_amount.amount, stands=stands)
    if charge.state == "Captured":
        return [held, replace(_captured(charge, {}), beside_hold=True)]
    return [held]


def _captured(charge: Charge, refs: dict[str, str]) -> Captured:
    taken = charge.capture_amount or charge.charge_amount
    return Captured(
        refs=refs,
        amount=taken.amount,
        captured_at=charge.status_details.last_updated_timestamp,
        receipt_id=charge.charge_id,
    )


def of_refund(refund: Refund, refs: dict[str, str]) -> Refunded | RefundWaiting | RefundDeclined:
    """Return the state of a refund."""
    details = refund.status_details
    match details.state:
        case "Refunded":
            return Refunded(refs=refs, refund_ref=refund.refund_id, amount=refund.refund_amount.amount)
        case "Declined":
            reason = details.reason_code or "declined"
            return RefundDeclined(refs=refs, refund_ref=refund.refund_id, reason=reason)
    return RefundWaiting(refs=refs, refund_refs=(refund.refund_id,))
