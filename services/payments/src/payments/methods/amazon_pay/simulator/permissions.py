"""Charge permissions: the buyer's agreement, its remaining amount, and its end."""

import calendar
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from payments.methods.amazon_pay.simulator import ipn
from payments.methods.amazon_pay.simulator.refusals import Refusal, not_found
from payments.methods.amazon_pay.simulator.shapes import new_permission_id, permission_status, stamp, yen
from payments.methods.amazon_pay.simulator.store import Document, Thing, Transaction, moment

PERMISSION_LIVES = timedelta(days=180)
LONG_LIFE_MONTHS = 13
MONTHLY_MAX = 100_000
"""The maximum charge of one recurring permission of a Japanese merchant in a calendar month, in yen."""
OVERCHARGE_TIMES, OVERCHARGE_MIN = 9, 70_000
JAPAN = ZoneInfo("Asia/Tokyo")
BUYER_FIELDS = ("buyer", "shippingAddress", "billingAddress", "paymentPreferences", "merchantMetadata")


def create_permission(tx: Transaction, session: Thing, shown: Document) -> Thing:
    """Create the buyer's agreement to be charged. `shown` is the session as answered."""
    kind = shown["chargePermissionType"]
    ends = _ends(tx, kind, long=bool(shown["paymentDetails"]["extendExpiration"]))
    limit = yen(_limit(kind, shown["paymentDetails"]))
    permission_id = new_permission_id(kind)
    api: Document = {
        "chargePermissionId": permission_id,
        "chargePermissionReferenceId": None,
        "chargePermissionType": kind,
        "recurringMetadata": shown["recurringMetadata"] or {"frequency": None, "amount": None},
        "platformId": None,
        **{name: shown[name] for name in BUYER_FIELDS},
        "statusDetails": permission_status(tx, "Chargeable"),
        "creationTimestamp": stamp(tx.now),
        "expirationTimestamp": stamp(ends),
        "releaseEnvironment": "Sandbox",
        "limits": {"amountLimit": limit, "amountBalance": limit},
        "presentmentCurrency": "JPY",
    }
    own = {"session": session.id, "due": moment(ends), "charges": 0, "month": _month(tx)}
    permission = Thing(permission_id, "permission", api, own)
    tx.save(permission)
    return permission


def get_permission(tx: Transaction, permission_id: str) -> Thing:
    """Return the permission, or refuse with 404. The balance of a recurring one is whole again in a new month."""
    permission = tx.find(permission_id, "permission")
    if permission is None:
        raise not_found(permission_id)
    if is_recurring(permission) and permission.own["month"] != _month(tx):
        permission.own["month"] = _month(tx)
        permission.api["limits"]["amountBalance"] = permission.api["limits"]["amountLimit"]
        tx.save(permission)
    return permission


def is_recurring(permission: Thing) -> bool:
    """Return whether it may be charged again and again."""
    return bool(permission.api["chargePermissionType"] == "Recurring")


def balance(permission: Thing) -> int:
    """Return how many yen may still be charged; for a recurring permission, in this month."""
    return int(permission.api["limits"]["amountBalance"]["amount"])


def check_chargeable(permission: Thing, amount: int) -> None:
    """Refuse a charge that the permission does not cover."""
    state = permission.api["statusDetails"]["state"]
    if state != "Chargeable":
        raise Refusal(422, "InvalidChargePermissionStatus", f"The charge permission is {state}.")
    if 1 <= amount <= balance(permission):
        return
    if is_recurring(permission) and amount > 0:
        raise Refusal(400, "PeriodicAmountExceeded", "The monthly limit is exceeded; wait until next month.")
    raise Refusal(400, "TransactionAmountExceeded", "The amount exceeds what the permission still allows.")


def check_agreed(kind: str, details: Document) -> None:
    """Refuse to complete a session with a charge that its permission would not cover."""
    charged = details["paymentIntent"] != "Confirm"
    if kind == "Recurring" and charged and int(details["chargeAmount"]["amount"]) > MONTHLY_MAX:
        raise Refusal(400, "PeriodicAmountExceeded", "The monthly limit is exceeded.")


def was_charged(tx: Transaction, permission: Thing) -> None:
    """Record a successful charge. A recurring permission goes on from here."""
    if is_recurring(permission):
        ends = _ends(tx, "Recurring", long=True)
        permission.api["expirationTimestamp"] = stamp(ends)
        permission.own["due"] = moment(ends)
        tx.save(permission)


def was_captured(tx: Transaction, permission: Thing, amount: int) -> None:
    """Record a capture. The balance falls; a one-time permission without a balance ends."""
    left = balance(permission) - amount
    permission.api["limits"]["amountBalance"] = yen(left)
    tx.save(permission)
    if left == 0 and not is_recurring(permission) and permission.api["statusDetails"]["state"] != "Closed":
        close_permission(tx, permission, "AmazonClosed")


def close_permission(tx: Transaction, permission: Thing, code: str, why: str | None = None) -> None:
    """End the permission. Charges that are already authorized can still be captured."""
    permission.own["due"] = None
    _turn(tx, permission, "Closed", code, why)


def repair_permission(tx: Transaction, permission: Thing) -> None:
    """Record that the buyer stored another payment method at Amazon."""
    if permission.api["statusDetails"]["state"] != "NonChargeable":
        raise Refusal(422, "InvalidChargePermissionStatus", "Nothing is to be repaired.")
    _turn(tx, permission, "Chargeable")


def after_decline(tx: Transaction, permission: Thing, code: str) -> None:
    """Record the effect of a declined charge on its permission."""
    if code == "HardDeclined":
        _turn(tx, permission, "NonChargeable", "PaymentMethodInvalid")
    elif code == "AmazonRejected":
        close_permission(tx, permission, "AmazonCanceled")


def _turn(
    tx: Transaction, permission: Thing, state: str, code: str | None = None, why: str | None = None
) -> None:
    permission.api["statusDetails"] = permission_status(tx, state, code, why)
    tx.save(permission)
    ipn.say(tx, "CHARGE_PERMISSION", permission.id, permission.id, set())


def _limit(kind: str, details: Document) -> int:
    if kind == "Recurring":
        return MONTHLY_MAX
    amount = int((details["totalOrderAmount"] or details["chargeAmount"])["amount"])
    return max(amount * OVERCHARGE_TIMES, OVERCHARGE_MIN) if details["allowOvercharge"] else amount


def _ends(tx: Transaction, kind: str, *, long: bool) -> datetime:
    if kind != "Recurring" and not long:
        return tx.now + PERMISSION_LIVES
    months = tx.now.month - 1 + LONG_LIFE_MONTHS
    year, month = tx.now.year + months // 12, months % 12 + 1
    return tx.now.replace(year=year, month=month, day=min(tx.now.day, calendar.monthrange(year, month)[1]))


def _month(tx: Transaction) -> str:
    return tx.now.astimezone(JAPAN).strftime("%Y-%m")
