"""Charge permissions: what the buyer agreed to, and how that ends."""

from datetime import timedelta

from payments.methods.amazon_pay.simulator import ipn
from payments.methods.amazon_pay.simulator.refusals import not_found
from payments.methods.amazon_pay.simulator.shapes import new_permission_id, permission_status, stamp
from payments.methods.amazon_pay.simulator.store import Document, Thing, Transaction, moment

PERMISSION_LIVES = timedelta(days=180)


def create_permission(tx: Transaction, session: Thing, shown: Document) -> Thing:
    """The buyer's consent to be charged up to the order's amount; `shown` is the session as answered."""
    limit = shown["paymentDetails"]["totalOrderAmount"] or shown["paymentDetails"]["chargeAmount"]
    permission_id = new_permission_id()
    api: Document = {
        "chargePermissionId": permission_id,
        "chargePermissionReferenceId": None,
        "chargePermissionType": "OneTime",
        "recurringMetadata": {"frequency": None, "amount": None},
        "platformId": None,
        "buyer": shown["buyer"],
        "shippingAddress": shown["shippingAddress"],
        "billingAddress": None,
        "paymentPreferences": shown["paymentPreferences"],
        "statusDetails": permission_status(tx, "Chargeable"),
        "creationTimestamp": stamp(tx.now),
        "expirationTimestamp": stamp(tx.now + PERMISSION_LIVES),
        "merchantMetadata": shown["merchantMetadata"],
        "releaseEnvironment": "Sandbox",
        "limits": {"amountLimit": limit, "amountBalance": limit},
        "presentmentCurrency": "JPY",
    }
    own = {"session": session.id, "due": moment(tx.now + PERMISSION_LIVES), "charges": 0}
    permission = Thing(permission_id, "permission", api, own)
    tx.save(permission)
    return permission


def get_permission(tx: Transaction, permission_id: str) -> Thing:
    """The permission, or 404."""
    permission = tx.find(permission_id, "permission")
    if permission is None:
        raise not_found(permission_id)
    return permission


def close_permission(tx: Transaction, permission: Thing, code: str, why: str | None = None) -> None:
    """End it; charges already authorized can still be captured."""
    permission.api["statusDetails"] = permission_status(tx, "Closed", code, why)
    permission.own["due"] = None
    tx.save(permission)
    ipn.say(tx, "CHARGE_PERMISSION", permission.id, permission.id, set())


def after_decline(tx: Transaction, permission: Thing, code: str) -> None:
    """What a declined charge does to its permission."""
    if code == "HardDeclined":
        permission.api["statusDetails"] = permission_status(tx, "NonChargeable", "PaymentMethodInvalid")
        tx.save(permission)
        ipn.say(tx, "CHARGE_PERMISSION", permission.id, permission.id, set())
    elif code == "AmazonRejected":
        close_permission(tx, permission, "AmazonCanceled")
