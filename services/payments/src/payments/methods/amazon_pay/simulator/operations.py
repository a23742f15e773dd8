"""The operations of the API: path, body, action and answer of each."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from payments.methods.amazon_pay.simulator import charges, permissions, refunds, sessions
from payments.methods.amazon_pay.simulator.accounts import ACCOUNTS, address_book, without_id
from payments.methods.amazon_pay.simulator.bodies import (
    CancelCharge,
    CaptureCharge,
    ClosePermission,
    CompleteSession,
    CreateCharge,
    CreateRefund,
    CreateSession,
    UpdatePermission,
    UpdateSession,
    read_body,
)
from payments.methods.amazon_pay.simulator.refusals import Refusal
from payments.methods.amazon_pay.simulator.settings import AmazonSimulatorSettings
from payments.methods.amazon_pay.simulator.store import Document, Transaction

Answer = tuple[int, Document]


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """One admitted request."""

    tx: Transaction
    settings: AmazonSimulatorSettings
    object_id: str
    body: bytes
    key: str | None
    code: str | None


def _create_session(call: ApiRequest) -> Answer:
    session = sessions.create_session(call.tx, read_body(CreateSession, call.body))
    return 201, sessions.show_session(call.tx, session, call.settings.pages_url)


def _get_session(call: ApiRequest) -> Answer:
    session = sessions.get_session(call.tx, call.object_id)
    return 200, sessions.show_session(call.tx, session, call.settings.pages_url)


def _update_session(call: ApiRequest) -> Answer:
    session = sessions.get_session(call.tx, call.object_id)
    sessions.update_session(call.tx, session, read_body(UpdateSession, call.body))
    return 200, sessions.show_session(call.tx, session, call.settings.pages_url)


def _complete_session(call: ApiRequest) -> Answer:
    session = sessions.get_session(call.tx, call.object_id)
    body = read_body(CompleteSession, call.body)
    status, session = sessions.complete_session(
        call.tx, session, body, call.code, call.settings.pending_seconds
    )
    return status, sessions.show_session(call.tx, session, call.settings.pages_url)


def _get_permission(call: ApiRequest) -> Answer:
    return 200, permissions.get_permission(call.tx, call.object_id).api


def _update_permission(call: ApiRequest) -> Answer:
    permission = permissions.get_permission(call.tx, call.object_id)
    body = read_body(UpdatePermission, call.body)
    if permission.api["statusDetails"]["state"] == "Closed":
        raise Refusal(422, "ChargePermissionNotModifiable", "The charge permission is closed.")
    if body.recurring_metadata is not None and not permissions.is_recurring(permission):
        raise Refusal(400, "InvalidParameterCombination", "'recurringMetadata' needs a recurring permission.")
    for name, value in body.given().items():
        permission.api[name] |= value or {}
    call.tx.save(permission)
    return 200, permission.api


def _close_permission(call: ApiRequest) -> Answer:
    permission = permissions.get_permission(call.tx, call.object_id)
    body = read_body(ClosePermission, call.body)
    if permission.api["statusDetails"]["state"] == "Closed":
        raise Refusal(422, "InvalidChargePermissionStatus", "The charge permission is closed.")
    code = "AmazonClosed" if call.code == "AmazonClosed" else "MerchantClosed"
    permissions.close_permission(call.tx, permission, code, body.closure_reason)
    if body.cancel_pending_charges:
        for charge in call.tx.newest("charge"):
            state = charge.api["statusDetails"]["state"]
            if charge.api["chargePermissionId"] == permission.id and state in charges.CANCELABLE:
                charges.cancel_charge(call.tx, charge, source="api", code="ChargePermissionCanceled")
    return 200, permission.api


def _create_charge(call: ApiRequest) -> Answer:
    body = read_body(CreateCharge, call.body)
    charge = charges.create_charge(call.tx, body, call.code, call.key, call.settings.pending_seconds)
    return 201, charge.api


def _get_charge(call: ApiRequest) -> Answer:
    return 200, charges.get_charge(call.tx, call.object_id).api


def _capture_charge(call: ApiRequest) -> Answer:
    charge = charges.get_charge(call.tx, call.object_id)
    body = read_body(CaptureCharge, call.body)
    charges.capture_charge(
        call.tx,
        charge,
        body.capture_amount.amount,
        source="api",
        pending_seconds=call.settings.pending_seconds,
        code=call.code,
        key=call.key,
        soft_descriptor=body.soft_descriptor,
    )
    return 200, charge.api


def _cancel_charge(call: ApiRequest) -> Answer:
    charge = charges.get_charge(call.tx, call.object_id)
    read_body(CancelCharge, call.body)
    charges.cancel_charge(call.tx, charge, source="api")
    return 200, charge.api


def _create_refund(call: ApiRequest) -> Answer:
    body = read_body(CreateRefund, call.body)
    refund = refunds.create_refund(
        call.tx,
        charges.get_charge(call.tx, body.charge_id),
        body.refund_amount.amount,
        source="api",
        seconds=call.settings.refund_seconds,
        code=call.code,
        key=call.key,
        soft_descriptor=body.soft_descriptor,
    )
    return 201, refund.api


def _get_refund(call: ApiRequest) -> Answer:
    return 200, refunds.get_refund(call.tx, call.object_id).api


def _get_buyer(call: ApiRequest) -> Answer:
    token = call.tx.find(call.object_id, "buyer_token")
    if token is None:
        raise Refusal(400, "InvalidParameterValue", "The buyer token is invalid.")
    account = ACCOUNTS[token.own["account"]]
    if account.marketplace != "amazon.co.jp":
        raise Refusal(403, "InvalidAccountStatus", "The account belongs to another marketplace.")
    scopes, first = token.own["scopes"], address_book(call.tx, account)[0]
    values: Document = {
        "name": account.name,
        "email": account.email,
        "postalCode": first["postalCode"],
        "phoneNumber": first["phoneNumber"],
        "shippingAddress": without_id(first),
        "billingAddress": without_id(first),
    }
    shown = {name: value if name in scopes else None for name, value in values.items()}
    country = "JP" if "postalCode" in scopes else None
    return 200, {
        "buyerId": account.buyer_id,
        **shown,
        "countryCode": country,
        "primeMembershipTypes": None,
    }


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation. `name` groups operations for unusual behaviour; `codes` names its list of simulation codes."""

    method: str
    path: re.Pattern[str]
    name: str
    run: Callable[[ApiRequest], Answer]
    needs_key: bool = False
    codes: str = ""


def _path(text: str) -> re.Pattern[str]:
    return re.compile(text.replace("{id}", r"(?P<id>[^/]+)"))


OPERATIONS = (
    Operation("POST", _path("checkoutSessions"), "create", _create_session, needs_key=True),
    Operation("GET", _path("checkoutSessions/{id}"), "get", _get_session),
    Operation("PATCH", _path("checkoutSessions/{id}"), "update", _update_session),
    Operation(
        "POST", _path("checkoutSessions/{id}/complete"), "complete", _complete_session, codes="complete"
    ),
    Operation("GET", _path("chargePermissions/{id}"), "get", _get_permission),
    Operation("PATCH", _path("chargePermissions/{id}"), "update", _update_permission),
    Operation("DELETE", _path("chargePermissions/{id}/close"), "cancel", _close_permission, codes="close"),
    Operation("POST", _path("charges"), "charge", _create_charge, needs_key=True, codes="charge"),
    Operation("GET", _path("charges/{id}"), "get", _get_charge),
    Operation(
        "POST", _path("charges/{id}/capture"), "capture", _capture_charge, needs_key=True, codes="capture"
    ),
    Operation("DELETE", _path("charges/{id}/cancel"), "cancel", _cancel_charge),
    Operation("POST", _path("refunds"), "refund", _create_refund, needs_key=True, codes="refund"),
    Operation("GET", _path("refunds/{id}"), "get", _get_refund),
    Operation("GET", _path("buyers/{id}"), "get", _get_buyer),
)

PREFIX = re.compile(r"^/(?:(?:sandbox|live)/)?(?P<version>v\d+)/(?P<rest>.+?)/?$")


def find_operation(method: str, path: str) -> tuple[Operation, str, str]:
    """Return the operation, its object id, and the path without environment and trailing slash; or a refusal."""
    match = PREFIX.match(path)
    if match is None:
        raise Refusal(404, "ResourceNotFound", "There is no such resource.")
    if match["version"] != "v2":
        raise Refusal(400, "InvalidAPIVersion", f"The version {match['version']} is not supported.")
    rest = match["rest"]
    known = False
    for operation in OPERATIONS:
        found = operation.path.fullmatch(rest)
        if found and operation.method == method:
            return operation, found.groupdict().get("id", ""), rest
        known = known or found is not None
    if known:
        raise Refusal(405, "RequestNotSupported", f"{method} is not supported here.")
    raise Refusal(404, "ResourceNotFound", "There is no such resource.")
