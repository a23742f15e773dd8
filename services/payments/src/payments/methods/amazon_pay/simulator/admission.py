"""Which requests are accepted: the signature over the exact bytes of the request, then the form of the idempotency key."""

import hashlib
import re
from datetime import UTC, datetime

from starlette.requests import Request

from payments.methods.amazon_pay.signing import (
    Authorization,
    UnreadableAuthorization,
    canonical_request,
    string_to_sign,
    verify,
)
from payments.methods.amazon_pay.simulator.refusals import Refusal
from payments.methods.amazon_pay.simulator.settings import AmazonSimulatorSettings
from shared import clock

KEY_FORM = re.compile(r"[A-Za-z0-9_-]{1,32}")
DATE_FORMS = ("%Y%m%dT%H%M%SZ", "%Y-%m-%dT%H:%M:%SZ")


def check_signature(settings: AmazonSimulatorSettings, request: Request, body: bytes) -> None:
    """Refuse with 403 or 400 unless the merchant's key signed this request recently."""
    headers = request.headers
    try:
        authorization = Authorization.read(headers.get("authorization", ""))
    except UnreadableAuthorization as problem:
        raise Refusal(403, "InvalidAuthentication", "The authorization header is unreadable.") from problem
    for name in ("x-amz-pay-date", "x-amz-pay-region"):
        if not headers.get(name):
            raise Refusal(400, "MissingHeader", f"The header '{name}' is missing.")
    if headers["x-amz-pay-region"].lower() != "jp":
        raise Refusal(400, "InvalidHeaderValue", "The region must be jp.")
    text = canonical_request(
        method=request.method,
        path=request.scope["raw_path"].decode("ascii"),
        query=request.scope["query_string"].decode("ascii"),
        headers=headers,
        signed_headers=authorization.signed_headers,
        body=body,
    )
    known = authorization.public_key_id == settings.public_key_id
    if not known or not verify(settings.merchant_key, authorization.algorithm, text, authorization.signature):
        signing = string_to_sign(authorization.algorithm, text).replace("\n", "\\n")
        message = f"Unable to verify signature, signing String [{signing}] , "
        raise Refusal(403, "InvalidRequestSignature", f"{message}signature [{authorization.signature}]")
    if "x-amz-pay-date" not in authorization.signed_headers.lower().split(";"):
        raise Refusal(403, "InvalidRequestSignature", "The date must be signed.")
    _check_date(headers["x-amz-pay-date"], settings.clock_skew_max_seconds)


def _check_date(text: str, skew_max_seconds: float) -> None:
    for form in DATE_FORMS:
        try:
            at = datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
        if abs((clock.now() - at).total_seconds()) <= skew_max_seconds:
            return
        raise Refusal(403, "InvalidRequestSignature", "The date is too far from the present.")
    raise Refusal(400, "InvalidHeaderValue", "The value of 'x-amz-pay-date' is not a date.")


def idempotency_key(request: Request, *, required: bool) -> str | None:
    """Return the checked key of a POST; None if none is needed and none was sent."""
    key = request.headers.get("x-amz-pay-idempotency-key")
    if key is None or request.method != "POST":
        if required:
            raise Refusal(400, "MissingHeaderValue", "The header 'x-amz-pay-idempotency-key' is missing.")
        return None
    if not KEY_FORM.fullmatch(key):
        raise Refusal(400, "InvalidHeaderValue", "The idempotency key must be 1 to 32 of a-z A-Z 0-9 - _.")
    return key


def fingerprint(method: str, path: str, body: bytes, simulation_code: str | None) -> str:
    """Return what must be equal when a key is used again."""
    text = f"{method}\n{path}\n{simulation_code or ''}\n".encode() + body
    return hashlib.sha256(text).hexdigest()
