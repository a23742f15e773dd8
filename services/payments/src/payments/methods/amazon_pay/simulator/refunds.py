"""Refunds. Each is requested first and settled a moment later."""

from datetime import timedelta

from payments.methods.amazon_pay.simulator import ipn
from payments.methods.amazon_pay.simulator.behaviours import SIMULATION_CODES, take
from payments.methods.amazon_pay.simulator.charges import descriptor, get_charge, targets
from payments.methods.amazon_pay.simulator.permissions import get_permission
from payments.methods.amazon_pay.simulator.refusals import Refusal, not_found
from payments.methods.amazon_pay.simulator.shapes import new_refund_id, stamp, status, yen
from payments.methods.amazon_pay.simulator.store import Document, Thing, Transaction, moment

EXTRA_SHARE_PERCENT = 15
EXTRA_MAX = 8_400
OPEN_OR_DONE = ("RefundInitiated", "Refunded")


def create_refund(
    tx: Transaction,
    charge: Thing,
    amount: int,
    *,
    source: str,
    seconds: float,
    code: str | None = None,
    key: str | None = None,
    soft_descriptor: str | None = None,
) -> Thing:
    """Request a refund: at most the captured amount plus 15 % of it, and of that no more than ¥8,400."""
    if charge.api["statusDetails"]["state"] != "Captured":
        raise Refusal(422, "InvalidChargeStatus", "Only a captured charge can be refunded.")
    captured = int(charge.api["captureAmount"]["amount"])
    ceiling = captured + min(captured * EXTRA_SHARE_PERCENT // 100, EXTRA_MAX)
    if not 1 <= amount <= ceiling - _asked_so_far(tx, charge):
        raise Refusal(400, "TransactionAmountExceeded", "The refunds exceed what may be given back.")
    code = code or take(tx, "refund", targets(charge), SIMULATION_CODES["refund"])
    permission_id = charge.api["chargePermissionId"]
    refund_id = new_refund_id(permission_id)
    api: Document = {
        "refundId": refund_id,
        "chargeId": charge.id,
        "refundAmount": yen(amount),
        "softDescriptor": descriptor(soft_descriptor) if soft_descriptor else charge.api["softDescriptor"],
        "creationTimestamp": stamp(tx.now),
        "statusDetails": status(tx, "RefundInitiated"),
        "releaseEnvironment": "Sandbox",
    }
    due = moment(tx.now + timedelta(seconds=seconds))
    refund = Thing(refund_id, "refund", api, {"decision": code or "Refunded", "due": due, "source": source})
    tx.save(refund)
    _record(tx, "refund_initiated", refund, charge, source=source, key=key)
    return refund


def get_refund(tx: Transaction, refund_id: str) -> Thing:
    """Return the refund, or refuse with 404."""
    refund = tx.find(refund_id, "refund")
    if refund is None:
        raise not_found(refund_id)
    return refund


def decide(tx: Transaction, refund: Thing) -> None:
    """Settle the refund, or refuse it for Amazon."""
    if refund.api["statusDetails"]["state"] != "RefundInitiated":
        return
    charge = get_charge(tx, refund.api["chargeId"])
    refund.own["due"] = None
    if refund.own["decision"] == "Refunded":
        refund.api["statusDetails"] = status(tx, "Refunded")
        back = int(charge.api["refundedAmount"]["amount"]) + int(refund.api["refundAmount"]["amount"])
        charge.api["refundedAmount"] = yen(back)
        tx.save(charge)
        _record(tx, "refunded", refund, charge, source=refund.own["source"])
    else:
        refund.api["statusDetails"] = status(tx, "Declined", refund.own["decision"])
        _record(tx, "refund_declined", refund, charge, source="amazon", reason=refund.own["decision"])
    tx.save(refund)
    ipn.say(tx, "REFUND", refund.id, charge.api["chargePermissionId"], targets(charge) | {refund.id})


def _asked_so_far(tx: Transaction, charge: Thing) -> int:
    rows = tx.run(
        "select coalesce(sum(json_extract(api, '$.refundAmount.amount')), 0) as asked from objects"
        " where kind = 'refund' and json_extract(api, '$.chargeId') = ?"
        " and json_extract(api, '$.statusDetails.state') in (?, ?)",
        charge.id,
        *OPEN_OR_DONE,
    )
    return int(rows[0]["asked"])


def _record(
    tx: Transaction,
    kind: str,
    refund: Thing,
    charge: Thing,
    *,
    source: str,
    key: str | None = None,
    reason: str | None = None,
) -> None:
    permission = get_permission(tx, charge.api["chargePermissionId"])
    tx.record(
        kind,
        int(refund.api["refundAmount"]["amount"]),
        source=source,
        charge_permission_id=permission.id,
        charge_id=charge.id,
        refund_id=refund.id,
        merchant_reference_id=permission.api["merchantMetadata"]["merchantReferenceId"],
        idempotency_key=key,
        reason=reason,
    )
