"""Charges: authorize, capture, cancel, and the effects of time."""

from datetime import datetime, timedelta

from payments.methods.amazon_pay.simulator import ipn
from payments.methods.amazon_pay.simulator.behaviours import DECLINES, SIMULATION_CODES, take
from payments.methods.amazon_pay.simulator.bodies import CreateCharge
from payments.methods.amazon_pay.simulator.permissions import (
    after_decline,
    check_chargeable,
    get_permission,
    is_recurring,
    was_captured,
    was_charged,
)
from payments.methods.amazon_pay.simulator.refusals import Refusal, not_found
from payments.methods.amazon_pay.simulator.shapes import new_charge_id, no_metadata, stamp, status, yen
from payments.methods.amazon_pay.simulator.store import Document, Thing, Transaction, moment

AUTHORIZATION_LIVES = timedelta(days=30)
CAPTURED_AT_ONCE_WITHIN = timedelta(days=7)
CHARGES_MAX = 25
CANCELABLE = ("AuthorizationInitiated", "Authorized")


def get_charge(tx: Transaction, charge_id: str) -> Thing:
    """Return the charge, or refuse with 404."""
    charge = tx.find(charge_id, "charge")
    if charge is None:
        raise not_found(charge_id)
    return charge


def create_first_charge(
    tx: Transaction, permission: Thing, session: Thing, outcome: str, pending_seconds: float
) -> Thing:
    """Create the charge of a completed session. `outcome` is the effect of the buyer's instrument."""
    details = session.api["paymentDetails"]
    charge = _new_charge(tx, permission, int(details["chargeAmount"]["amount"]))
    charge.api["canHandlePendingAuthorization"] = bool(details["canHandlePendingAuthorization"])
    charge.api["captureNow"] = details["paymentIntent"] == "AuthorizeWithCapture"
    charge.api["softDescriptor"] = descriptor(details["softDescriptor"])
    if outcome.startswith("pending_"):
        decision = "Authorized" if outcome == "pending_approved" else "HardDeclined"
        _wait(tx, charge, "AuthorizationInitiated", decision, pending_seconds)
    else:
        _authorized(tx, charge, source="api", key=None)
    return charge


def create_charge(
    tx: Transaction, body: CreateCharge, code: str | None, key: str | None, pending_seconds: float
) -> Thing:
    """Create a further charge on a permission. A synchronous decline is a refusal, not a declined charge."""
    permission = get_permission(tx, body.charge_permission_id)
    amount = body.charge_amount.amount
    check_chargeable(permission, amount)
    if permission.own["charges"] >= CHARGES_MAX and not is_recurring(permission):
        raise Refusal(422, "TransactionCountExceeded", "The charge permission has had all its charges.")
    code = code or take(tx, "charge", {permission.id, permission.own["session"]}, SIMULATION_CODES["charge"])
    if code == "ProcessingFailure":
        raise Refusal(500, "ProcessingFailure", "The charge could not be processed.")
    if code in DECLINES:
        after_decline(tx, permission, code)
        _record(tx, "declined", permission, None, amount, source="api", key=key, reason=code)
        raise Refusal(422, code, "The charge was declined.")
    decision = (code or "").removeprefix("Pending")
    pending = code == "AuthorizationInitiated" or decision in DECLINES
    if pending and not body.can_handle_pending_authorization:
        raise Refusal(
            400, "InvalidSandboxSimulationSpecified", "Pending needs canHandlePendingAuthorization."
        )
    charge = _new_charge(tx, permission, amount)
    charge.api["canHandlePendingAuthorization"] = body.can_handle_pending_authorization
    charge.api["captureNow"] = body.capture_now
    charge.api["softDescriptor"] = descriptor(body.soft_descriptor)
    charge.api["merchantMetadata"] |= body.merchant_metadata.given() if body.merchant_metadata else {}
    charge.api |= {"chargeInitiator": body.charge_initiator, "channel": body.channel}
    charge.api |= {"platformId": body.platform_id}
    charge.api["providerMetadata"] |= body.provider_metadata or {}
    if pending:
        _wait(tx, charge, "AuthorizationInitiated", decision if decision in DECLINES else "Authorized",
              pending_seconds)  # fmt: skip
    else:
        _authorized(tx, charge, source="api", key=key)
    return charge


def capture_charge(
    tx: Transaction,
    charge: Thing,
    amount: int,
    *,
    source: str,
    pending_seconds: float,
    code: str | None = None,
    key: str | None = None,
    soft_descriptor: str | None = None,
) -> None:
    """Capture the money, once, with the name `soft_descriptor` on the buyer's statement.

    It takes some time if it is later than seven days after the authorization.
    """
    state = charge.api["statusDetails"]["state"]
    if state != "Authorized":
        raise Refusal(422, "InvalidChargeStatus", f"A charge in state {state} cannot be captured.")
    if not 1 <= amount <= int(charge.api["chargeAmount"]["amount"]):
        raise Refusal(400, "TransactionAmountExceeded", "The capture exceeds the authorized amount.")
    code = code or take(tx, "capture", targets(charge), SIMULATION_CODES["capture"])
    if code == "ProcessingFailure":
        raise Refusal(500, "ProcessingFailure", "The capture could not be processed.")
    if code == "AmazonRejected":
        _settle(tx, charge, "Declined", "AmazonRejected")
        after_decline(tx, get_permission(tx, charge.api["chargePermissionId"]), code)
        raise Refusal(422, "AmazonRejected", "The capture was rejected.")
    age = tx.now - datetime.fromisoformat(charge.own["authorized"])
    charge.api["captureAmount"] = yen(amount)
    if soft_descriptor:
        charge.api["softDescriptor"] = descriptor(soft_descriptor)
    if code in ("CaptureInitiated", "PendingHardDeclined") or age > CAPTURED_AT_ONCE_WITHIN:
        decision = "HardDeclined" if code == "PendingHardDeclined" else "Captured"
        _record_charge(tx, "capture_initiated", charge, amount, source=source, key=key)
        charge.own["source"] = source
        _wait(tx, charge, "CaptureInitiated", decision, pending_seconds)
        return
    _captured(tx, charge, source=source, key=key)


def cancel_charge(tx: Transaction, charge: Thing, *, source: str, code: str = "MerchantCanceled") -> None:
    """Release the authorization."""
    state = charge.api["statusDetails"]["state"]
    if state not in CANCELABLE:
        raise Refusal(422, "InvalidChargeStatus", f"A charge in state {state} cannot be canceled.")
    amount = int(charge.api["chargeAmount"]["amount"])
    _record_charge(tx, "voided", charge, amount, source=source, reason=code)
    _settle(tx, charge, "Canceled", code)


def charge_back(tx: Transaction, charge: Thing) -> None:
    """Charge captured money back for the buyer's bank. The charge itself does not change."""
    if charge.api["statusDetails"]["state"] != "Captured":
        raise Refusal(422, "InvalidChargeStatus", "Only captured money can be charged back.")
    amount = int(charge.api["captureAmount"]["amount"])
    _record_charge(tx, "charged_back", charge, amount, source="amazon")
    ipn.say(tx, "CHARGEBACK", charge.id, charge.api["chargePermissionId"], targets(charge))


def decide(tx: Transaction, charge: Thing) -> None:
    """Decide a pending charge now, or let an unused authorization expire."""
    decision = charge.own["decision"]
    match charge.api["statusDetails"]["state"]:
        case "AuthorizationInitiated" if decision == "Authorized":
            _authorized(tx, charge, source="amazon", key=None)
        case "CaptureInitiated" if decision == "Captured":
            _captured(tx, charge, source=charge.own["source"], key=None)
        case "AuthorizationInitiated" | "CaptureInitiated":
            amount = int(charge.api["chargeAmount"]["amount"])
            _record_charge(tx, "declined", charge, amount, source="amazon", reason=decision)
            charge.api["captureAmount"] = None
            after_decline(tx, get_permission(tx, charge.api["chargePermissionId"]), decision)
            _settle(tx, charge, "Declined", decision)
        case "Authorized":
            cancel_charge(tx, charge, source="amazon", code="ExpiredUnused")


def descriptor(given: str | None) -> str:
    """Return the name on the buyer's statement; the store's name if none was given."""
    return f"AMZ*{given or 'NOREN'}"


def targets(charge: Thing) -> set[str]:
    """Return the ids under which behaviour for this charge may have been chosen."""
    return {charge.id, charge.api["chargePermissionId"], charge.own["session"]}


def _new_charge(tx: Transaction, permission: Thing, amount: int) -> Thing:
    permission.own["charges"] += 1
    tx.save(permission)
    charge_id = new_charge_id(permission.id)
    api: Document = {
        "chargeId": charge_id,
        "chargePermissionId": permission.id,
        "chargeAmount": yen(amount),
        "captureAmount": None,
        "refundedAmount": None,
        "convertedAmount": None,
        "conversionRate": None,
        "softDescriptor": None,
        "captureNow": False,
        "canHandlePendingAuthorization": False,
        "merchantMetadata": no_metadata(),
        "chargeInitiator": None,
        "channel": None,
        "webCheckoutDetails": None,
        "platformId": None,
        "providerMetadata": {"providerReferenceId": None},
        "statusDetails": None,
        "creationTimestamp": stamp(tx.now),
        "expirationTimestamp": stamp(tx.now + AUTHORIZATION_LIVES),
        "releaseEnvironment": "Sandbox",
    }
    own = {"session": permission.own["session"], "decision": None, "source": "api", "authorized": None}
    return Thing(charge_id, "charge", api, own)


def _wait(tx: Transaction, charge: Thing, state: str, decision: str, seconds: float) -> None:
    if state == "AuthorizationInitiated":
        amount = int(charge.api["chargeAmount"]["amount"])
        _record_charge(tx, "authorization_initiated", charge, amount, source="api")
    charge.own |= {"decision": decision, "due": moment(tx.now + timedelta(seconds=seconds))}
    charge.api["statusDetails"] = status(tx, state)
    tx.save(charge)
    _tell(tx, charge)


def _authorized(tx: Transaction, charge: Thing, *, source: str, key: str | None) -> None:
    amount = int(charge.api["chargeAmount"]["amount"])
    _record_charge(tx, "authorized", charge, amount, source=source, key=key)
    charge.own |= {
        "decision": None,
        "authorized": moment(tx.now),
        "due": moment(tx.now + AUTHORIZATION_LIVES),
    }
    charge.api["statusDetails"] = status(tx, "Authorized")
    tx.save(charge)
    was_charged(tx, get_permission(tx, charge.api["chargePermissionId"]))
    if charge.api["captureNow"]:
        charge.api["captureAmount"] = yen(amount)
        _captured(tx, charge, source=source, key=key)
    else:
        _tell(tx, charge)


def _captured(tx: Transaction, charge: Thing, *, source: str, key: str | None) -> None:
    amount = int(charge.api["captureAmount"]["amount"])
    _record_charge(tx, "captured", charge, amount, source=source, key=key)
    charge.api["refundedAmount"] = yen(0)
    _settle(tx, charge, "Captured", None)
    was_captured(tx, get_permission(tx, charge.api["chargePermissionId"]), amount)


def _settle(tx: Transaction, charge: Thing, state: str, code: str | None) -> None:
    charge.own |= {"decision": None, "due": None}
    charge.api["statusDetails"] = status(tx, state, code)
    tx.save(charge)
    _tell(tx, charge)


def _tell(tx: Transaction, charge: Thing) -> None:
    ipn.say(tx, "CHARGE", charge.id, charge.api["chargePermissionId"], targets(charge))


def _record_charge(
    tx: Transaction,
    kind: str,
    charge: Thing,
    amount: int,
    *,
    source: str,
    key: str | None = None,
    reason: str | None = None,
) -> None:
    permission = get_permission(tx, charge.api["chargePermissionId"])
    _record(tx, kind, permission, charge.id, amount, source=source, key=key, reason=reason)


def _record(
    tx: Transaction,
    kind: str,
    permission: Thing,
    charge_id: str | None,
    amount: int,
    *,
    source: str,
    key: str | None,
    reason: str | None,
) -> None:
    tx.record(
        kind,
        amount,
        source=source,
        charge_permission_id=permission.id,
        charge_id=charge_id,
        merchant_reference_id=permission.api["merchantMetadata"]["merchantReferenceId"],
        idempotency_key=key,
        reason=reason,
    )
