"""Checkout sessions: from the button to the moment when a permission and a charge come out of them."""

import json
from datetime import timedelta
from uuid import uuid4

from payments.methods.amazon_pay.simulator import charges, permissions
from payments.methods.amazon_pay.simulator.accounts import ACCOUNTS, INSTRUMENTS, address_book, without_id
from payments.methods.amazon_pay.simulator.behaviours import SIMULATION_CODES, take
from payments.methods.amazon_pay.simulator.bodies import CompleteSession, CreateSession, UpdateSession
from payments.methods.amazon_pay.simulator.refusals import Refusal, not_found
from payments.methods.amazon_pay.simulator.shapes import no_metadata, stamp, status
from payments.methods.amazon_pay.simulator.store import Document, Thing, Transaction, moment

OPEN_FOR = timedelta(hours=24)
READABLE_FOR = timedelta(days=30)
GROUPS = ("webCheckoutDetails", "paymentDetails", "merchantMetadata")


def create_session(tx: Transaction, body: CreateSession, *, product_type: str | None = None) -> Thing:
    """A session as the API or a signed button payload asks for it. Nobody is signed in yet."""
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
        "chargePermissionType": "OneTime",
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
    _merge(session, given)
    tx.save(session)
    return session


def get_session(tx: Transaction, session_id: str) -> Thing:
    """The session, or 404, also when it is older than 30 days."""
    session = tx.find(session_id, "session")
    if session is None or moment(tx.now) > session.own["gone"]:
        raise not_found(session_id)
    return session


def show_session(tx: Transaction, session: Thing, origin_url: str) -> Document:
    """The session as answered: with its constraints and, when none is left, the way to the buyer."""
    api: Document = json.loads(json.dumps(session.api))
    if api["statusDetails"]["state"] == "Completed":
        for name in (*GROUPS, "buyer", "billingAddress", "shippingAddress", "shippingAddressList"):
            api[name] = None
        api["paymentPreferences"] = [None]
        return api
    account = ACCOUNTS.get(session.own["account"] or "")
    if account is not None and account.marketplace == "amazon.co.jp":
        book = address_book(tx, account)
        chosen = next((a for a in book if a["addressId"] == session.own["address"]), book[0])
        api["buyer"] = {
            "buyerId": account.buyer_id,
            "name": account.name,
            "email": account.email,
            "phoneNumber": book[0]["phoneNumber"],
            "primeMembershipTypes": None,
        }
        if api["productType"] == "PayAndShip":
            api["shippingAddress"] = without_id(chosen)
            api["shippingAddressList"] = [json.dumps(a, ensure_ascii=False) for a in book]
        instrument = INSTRUMENTS[session.own["instrument"] or "visa"]
        api["paymentPreferences"] = [{"paymentDescriptor": instrument.descriptor}]
    api["constraints"] = _constraints(api)
    if not api["constraints"] and api["statusDetails"]["state"] == "Open":
        api["webCheckoutDetails"]["amazonPayRedirectUrl"] = (
            f"{origin_url}/checkout/processing?amazonCheckoutSessionId={session.id}"
        )
    return api


def _constraints(api: Document) -> list[Document]:
    missing = {
        "ChargeAmountNotSet": not api["paymentDetails"]["chargeAmount"],
        "CheckoutResultReturnUrlNotSet": not api["webCheckoutDetails"]["checkoutResultReturnUrl"],
        "PaymentIntentNotSet": not api["paymentDetails"]["paymentIntent"],
        "BuyerNotAssociated": not api["buyer"],
    }
    return [
        {"constraintId": name, "description": f"{name}: this must be resolved before checkout can go on."}
        for name, is_missing in missing.items()
        if is_missing
    ]


def update_session(tx: Transaction, session: Thing, body: UpdateSession) -> None:
    """Change what the merchant set; only while the session is open."""
    if session.api["statusDetails"]["state"] != "Open":
        raise _wrong_state(session)
    amount = session.api["paymentDetails"]["chargeAmount"]
    _merge(session, body.given())
    if session.api["paymentDetails"]["chargeAmount"] != amount:
        session.own["returned"] = None  # the buyer agreed to another amount and must be asked again
    tx.save(session)


def _merge(session: Thing, given: Document) -> None:
    for name in GROUPS:
        if given.get(name):
            session.api[name] |= given[name]
    for name in ("supplementaryData", "platformId", "providerMetadata"):
        if name in given:
            session.api[name] = given[name]


def complete_session(
    tx: Transaction,
    session: Thing,
    body: CompleteSession,
    simulation_code: str | None,
    pending_seconds: float,
) -> tuple[int, Thing]:
    """Make it final: 200 with permission and charge, 202 while the charge is pending.

    Before the buyer came back from Amazon's page, and a second time, it is 422.
    """
    if session.api["statusDetails"]["state"] != "Open" or session.own["returned"] is None:
        raise _wrong_state(session)
    details = session.api["paymentDetails"]
    if details["chargeAmount"] != body.charge_amount.given():
        raise Refusal(409, "AmountMismatch", "The charge amount differs from that of the checkout session.")
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
    """End an open session: the buyer backed out, the payment was declined, or Amazon stopped it."""
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
