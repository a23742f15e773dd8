"""Checkout sessions: from the button until the permission and the charge exist."""

import json
from datetime import timedelta
from uuid import uuid4

from payments.methods.amazon_pay.simulator import charges, permissions
from payments.methods.amazon_pay.simulator.accounts import (
    ACCOUNTS,
    INSTRUMENTS,
    AmazonAccount,
    address_book,
    without_id,
)
from payments.methods.amazon_pay.simulator.behaviours import SIMULATION_CODES, take
from payments.methods.amazon_pay.simulator.bodies import CompleteSession, CreateSession, UpdateSession
from payments.methods.amazon_pay.simulator.refusals import Refusal, not_found
from payments.methods.amazon_pay.simulator.shapes import no_metadata, stamp, status
from payments.methods.amazon_pay.simulator.store import Document, Thing, Transaction, moment

OPEN_FOR = timedelta(hours=24)
READABLE_FOR = timedelta(days=30)
GROUPS = ("webCheckoutDetails", "paymentDetails", "merchantMetadata")
ONLY_IN_A_BUTTON = ("allowOvercharge", "extendExpiration")
SCOPES_UNASKED = {
    "PayAndShip": ("name", "email"),
    "PayOnly": ("name", "email", "phoneNumber", "billingAddress"),
}
"""What the merchant learns about the buyer if it asked for nothing in particular."""


def create_session(
    tx: Transaction, body: CreateSession, *, button: bool = False, product_type: str | None = None
) -> Thing:
    """Create a session as the API or the signed payload of a button requests it. No buyer is signed in yet."""
    given = body.given()
    session_id = str(uuid4())
    api: Document = {
        "checkoutSessionId": session_id,
        "storeId": body.store_id,
        "webCheckoutDetails": {
            "checkoutReviewReturnUrl": None,
            "checkoutResultReturnUrl": None,
            "checkoutCancelUrl": None,
            "checkoutMode": None,
            "amazonPayRedirectUrl": None,
        },
        "productType": product_type or body.product_type or "PayAndShip",
        "paymentDetails": {
            "paymentIntent": None,
            "canHandlePendingAuthorization": False,
            "chargeAmount": None,
            "totalOrderAmount": None,
            "softDescriptor": None,
            "presentmentCurrency": "JPY",
            "allowOvercharge": None,
            "extendExpiration": None,
        },
        "chargePermissionType": body.charge_permission_type or "OneTime",
        "recurringMetadata": None,
        "paymentMethodOnFileMetadata": None,
        "merchantMetadata": no_metadata(),
        "supplementaryData": None,
        "buyer": None,
        "billingAddress": None,
        "shippingAddress": None,
        "shippingAddressList": None,
        "paymentPreferences": [None],
        "statusDetails": status(tx, "Open"),
        "constraints": [],
        "platformId": None,
        "chargePermissionId": None,
        "chargeId": None,
        "creationTimestamp": stamp(tx.now),
        "expirationTimestamp": stamp(tx.now + OPEN_FOR),
        "providerMetadata": {"providerReferenceId": None},
        "releaseEnvironment": "Sandbox",
        "checkoutButtonText": body.checkout_button_text,
        "deliverySpecifications": body.delivery_specifications,
    }
    own: Document = {
        "account": None,
        "address": None,
        "instrument": None,
        "returned": None,
        "due": moment(tx.now + OPEN_FOR),
        "gone": moment(tx.now + READABLE_FOR),
        "scopes": body.scopes,
    }
    session = Thing(session_id, "session", api, own)
    if not (given.get("webCheckoutDetails") or {}).get("checkoutReviewReturnUrl"):
        raise Refusal(400, "MissingParameterValue", "The value for 'checkoutReviewReturnUrl' is missing.")
    for name in () if button else ONLY_IN_A_BUTTON:
        if (given.get("paymentDetails") or {}).get(name) is not None:
            raise Refusal(400, "InvalidParameterCombination", f"'{name}' is for signed button payloads only.")
    _merge(session, given)
    tx.save(session)
    return session


def get_session(tx: Transaction, session_id: str) -> Thing:
    """Return the session, or refuse with 404, also if it is older than 30 days."""
    session = tx.find(session_id, "session")
    if session is None or moment(tx.now) > session.own["gone"]:
        raise not_found(session_id)
    return session


def show_session(tx: Transaction, session: Thing, origin_url: str) -> Document:
    """Return the session as answered: with its constraints and, if there are none, the address for the buyer."""
    api: Document = json.loads(json.dumps(session.api))
    if api["statusDetails"]["state"] == "Completed":
        for name in (*GROUPS, "buyer", "billingAddress", "shippingAddress", "shippingAddressList"):
            api[name] = None
        api["paymentPreferences"] = [None]
        return api
    account = ACCOUNTS.get(session.own["account"] or "")
    if account is not None and account.marketplace == "amazon.co.jp":
        api |= _buyer(tx, session, account)
    api["constraints"] = _constraints(api)
    if not api["constraints"] and api["statusDetails"]["state"] == "Open":
        api["webCheckoutDetails"]["amazonPayRedirectUrl"] = (
            f"{origin_url}/checkout/processing?amazonCheckoutSessionId={session.id}"
        )
    return api


def _buyer(tx: Transaction, session: Thing, account: AmazonAccount) -> Document:
    """Return what the merchant asked to know of the buyer. The gift card balance has no billing address."""
    book, product = address_book(tx, account), session.api["productType"]
    instrument = INSTRUMENTS[session.own["instrument"] or "visa"]
    scopes = SCOPES_UNASKED[product] if session.own["scopes"] is None else session.own["scopes"]
    billing = None if instrument.key == "gift" else without_id(book[0])
    known = {
        "name": account.name,
        "email": account.email,
        "phoneNumber": billing["phoneNumber"] if billing else None,
    }
    shown: Document = {
        "buyer": {
            "buyerId": account.buyer_id,
            **{name: value if name in scopes else None for name, value in known.items()},
            "primeMembershipTypes": None,
        },
        "billingAddress": billing if "billingAddress" in scopes else None,
        "paymentPreferences": [{"paymentDescriptor": instrument.descriptor}],
    }
    if product == "PayAndShip":
        chosen = next((a for a in book if a["addressId"] == session.own["address"]), book[0])
        shown["shippingAddress"] = without_id(chosen)
        shown["shippingAddressList"] = [json.dumps(a, ensure_ascii=False) for a in book]
    return shown


def _constraints(api: Document) -> list[Document]:
    missing = {
        "ChargeAmountNotSet": not api["paymentDetails"]["chargeAmount"],
        "CheckoutResultReturnUrlNotSet": not api["webCheckoutDetails"]["checkoutResultReturnUrl"],
        "PaymentIntentNotSet": not api["paymentDetails"]["paymentIntent"],
        "BuyerNotAssociated": not api["buyer"],
        "RecurringFrequencyNotSet": api["chargePermissionType"] == "Recurring"
        and not (api["recurringMetadata"] or {}).get("frequency"),
    }
    return [
        {"constraintId": name, "description": f"{name}: this must be resolved before checkout can go on."}
        for name, is_missing in missing.items()
        if is_missing
    ]


def update_session(tx: Transaction, session: Thing, body: UpdateSession) -> None:
    """Change what the merchant set. It is possible only while the session is open."""
    if session.api["statusDetails"]["state"] != "Open":
        raise _wrong_state(session)
    before = _agreed(session)
    _merge(session, body.given())
    if _agreed(session) != before:
        session.own["returned"] = None  # the buyer agreed to another amount and must be asked again
    tx.save(session)


def _agreed(session: Thing) -> tuple[object, ...]:
    details = session.api["paymentDetails"]
    return details["chargeAmount"], details["totalOrderAmount"]


def _merge(session: Thing, given: Document) -> None:
    for name in GROUPS:
        if given.get(name):
            session.api[name] |= given[name]
    for name in ("supplementaryData", "platformId", "providerMetadata"):
        if name in given:
            session.api[name] = given[name]
    if given.get("recurringMetadata"):
        if session.api["chargePermissionType"] != "Recurring":
            raise Refusal(400, "InvalidParameterCombination", "'recurringMetadata' needs Recurring.")
        known = session.api["recurringMetadata"] or {"frequency": None, "amount": None}
        session.api["recurringMetadata"] = known | given["recurringMetadata"]
    details = session.api["paymentDetails"]
    total, charged = details["totalOrderAmount"], details["chargeAmount"]
    if total and charged and int(total["amount"]) < int(charged["amount"]):
        raise Refusal(400, "InvalidParameterValue", "'totalOrderAmount' is less than 'chargeAmount'.")


def complete_session(
    tx: Transaction,
    session: Thing,
    body: CompleteSession,
    simulation_code: str | None,
    pending_seconds: float,
) -> tuple[int, Thing]:
    """Complete the session: 200 with permission and charge, 202 while the charge is pending.

    The answer is 422 before the buyer came back from Amazon's page, and for a second completion.
    """
    if session.api["statusDetails"]["state"] != "Open" or session.own["returned"] is None:
        raise _wrong_state(session)
    details = session.api["paymentDetails"]
    total = body.total_order_amount.given() if body.total_order_amount else None
    if details["chargeAmount"] != body.charge_amount.given() or details["totalOrderAmount"] != total:
        raise Refusal(409, "AmountMismatch", "The amounts differ from those of the checkout session.")
    permissions.check_agreed(session.api["chargePermissionType"], details)
    code = simulation_code or take(tx, "complete", {session.id}, SIMULATION_CODES["complete"])
    outcome: str = {
        "BuyerCanceled": "buyer_canceled",
        "Declined": "declined",
        "AmazonCanceled": "amazon_canceled",
        "AuthorizationInitiated": "pending_approved",
    }.get(code or "", str(session.own["returned"]))
    pending = outcome.startswith("pending_")
    if pending and not details["canHandlePendingAuthorization"]:
        outcome, pending = "declined", False
    if outcome.endswith(("canceled", "declined")) and not pending:
        cancel_session(tx, session, outcome)
        raise Refusal(422, "CheckoutSessionCanceled", "The checkout session was canceled.")
    permission = permissions.create_permission(tx, session, show_session(tx, session, ""))
    session.api |= {"chargePermissionId": permission.id, "statusDetails": status(tx, "Completed")}
    if details["paymentIntent"] != "Confirm":
        charge = charges.create_first_charge(tx, permission, session, outcome, pending_seconds)
        session.api["chargeId"] = charge.id
    session.own["due"] = None
    tx.save(session)
    return (202 if pending else 200), session


def cancel_session(tx: Transaction, session: Thing, outcome: str) -> None:
    """End an open session: the buyer left, the payment was declined, or Amazon stopped it."""
    code = {
        "buyer_canceled": "BuyerCanceled",
        "declined": "Declined",
        "amazon_canceled": "AmazonCanceled",
        "expired": "Expired",
    }[outcome]
    reason = INSTRUMENTS[session.own["instrument"] or "visa"].reason if code == "Declined" else None
    session.api["statusDetails"] = status(tx, "Canceled", code, reason)
    session.own["due"] = None
    tx.save(session)
    amount = (session.api["paymentDetails"]["chargeAmount"] or {}).get("amount", 0)
    tx.record(
        "session_canceled",
        int(amount),
        source="amazon",
        reason=code,
        merchant_reference_id=session.api["merchantMetadata"]["merchantReferenceId"],
    )


def _wrong_state(session: Thing) -> Refusal:
    state = session.api["statusDetails"]["state"]
    return Refusal(
        422, "InvalidCheckoutSessionStatus", f"The operation is not allowed in the present state ({state})."
    )
