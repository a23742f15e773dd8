"""Requests to the Amazon Pay API v2. The answer is an object, a definite refusal, or none at all.

The difference between the last two is important. After `SaysNo` nothing happened, and the reason is known. After
`NoAnswer` anything may have happened, and only a new question can show it.
"""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import httpx
from pydantic import BaseModel, ValidationError

from payments.methods.amazon_pay.charges import Charge, Permission, Refund
from payments.methods.amazon_pay.objects import OTHER_CURRENCY, Problem
from payments.methods.amazon_pay.sessions import Buyer, Session
from payments.methods.amazon_pay.settings import AmazonPaySettings
from payments.providers.retry_after import retry_after_seconds
from shared import clock

T = TypeVar("T", bound=BaseModel)
S = TypeVar("S", Session, Permission, Charge, Refund)
KEY = "x-amz-pay-idempotency-key"
NOT_AN_ANSWER = {408, 425, 429}
# Ids in the path of a request also come from browsers. Dots alone would lead to another path.
_ID = re.compile(r"(?!\.+\Z)[A-Za-z0-9._-]{1,100}")
_TOKEN = re.compile(r"(?!\.+\Z)[\x21-\x7e]{1,4000}")


class SaysNo(Exception):
    """Amazon refused. `code` is its reason code."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.message = message


class NoAnswer(Exception):
    """There is no answer, an unreadable one, or one that does not show what was done.

    - `retry_after_seconds` is the pause that Amazon asked for, if it did.
    - `mismatch`: the answer is about something other than the request.
    - `ref_of_others`: the id of an object that belongs to another parent than Noren knows.
    """

    def __init__(
        self,
        reason: str,
        retry_after_seconds: int | None = None,
        *,
        mismatch: bool = False,
        ref_of_others: str = "",
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after_seconds = retry_after_seconds
        self.mismatch = mismatch
        self.ref_of_others = ref_of_others


def yen(amount: int) -> dict[str, str]:
    """Return an amount as Amazon's JSON. JPY has no decimals."""
    return {"amount": str(amount), "currencyCode": "JPY"}


@dataclass(frozen=True, slots=True)
class AmazonPayClient:
    """Signs requests and sends each once, without retries. The stored request is repeated by its worker."""

    settings: AmazonPaySettings
    http: httpx.AsyncClient

    async def session(self, session_id: str) -> Session:
        """Get Checkout Session."""
        return about(session_id, await self._call(Session, "GET", f"checkoutSessions/{_named(session_id)}"))

    async def update_session(self, session_id: str, body: dict[str, Any]) -> Session:
        """Update Checkout Session. It is possible only while the session is open."""
        path = f"checkoutSessions/{_named(session_id)}"
        return about(session_id, await self._call(Session, "PATCH", path, body))

    async def complete_session(self, session_id: str, amount: int) -> Session:
        """Complete Checkout Session. `amount` (yen) must be that of the session."""
        path = f"checkoutSessions/{_named(session_id)}/complete"
        return about(session_id, await self._call(Session, "POST", path, {"chargeAmount": yen(amount)}))

    async def permission(self, permission_id: str) -> Permission:
        """Get Charge Permission."""
        path = f"chargePermissions/{_named(permission_id)}"
        return about(permission_id, await self._call(Permission, "GET", path))

    async def create_charge(self, permission_id: str, amount: int, *, key: str) -> Charge:
        """Create Charge: a further authorization of `amount` yen within the agreement with the buyer."""
        body = {
            "chargePermissionId": permission_id,
            "chargeAmount": yen(amount),
            "captureNow": False,
            "canHandlePendingAuthorization": True,
        }
        made = await self._call(Charge, "POST", "charges", body, key)
        return told_of(made, made.charge_permission_id == permission_id)

    async def charge(self, charge_id: str, *, of: Collection[str] = ()) -> Charge:
        """Get Charge. `of` are the permissions to which it may belong, if they are known."""
        return about(charge_id, await self._call(Charge, "GET", f"charges/{_named(charge_id)}"), of)

    async def capture(self, charge_id: str, amount: int, *, key: str, of: Collection[str] = ()) -> Charge:
        """Capture Charge, once for each charge. `amount` is in yen, `of` as in :meth:`charge`."""
        path = f"charges/{_named(charge_id)}/capture"
        reply = await self._call(Charge, "POST", path, {"captureAmount": yen(amount)}, key)
        return about(charge_id, reply, of)

    async def cancel(self, charge_id: str, reason: str, *, of: Collection[str] = ()) -> Charge:
        """Cancel Charge: release the authorization. `of` as in :meth:`charge`.

        Raises `NoAnswer` if the charge still stands in the answer. Only a new question shows whether it was released.
        """
        path = f"charges/{_named(charge_id)}/cancel"
        reply = await self._call(Charge, "DELETE", path, {"cancellationReason": reason})
        if about(charge_id, reply, of).held:
            raise NoAnswer("still_held")
        return reply

    async def create_refund(self, charge_id: str, amount: int, *, key: str) -> Refund:
        """Create Refund. `amount` is in yen. Amazon settles it later."""
        body = {"chargeId": charge_id, "refundAmount": yen(amount)}
        made = await self._call(Refund, "POST", "refunds", body, key)
        return told_of(made, made.charge_id == charge_id)

    async def refund(self, refund_id: str, *, of: Collection[str] = ()) -> Refund:
        """Get Refund. `of` are the charges to which it may belong, if they are known."""
        return about(refund_id, await self._call(Refund, "GET", f"refunds/{_named(refund_id)}"), of)

    async def buyer(self, token: str) -> Buyer:
        """Get Buyer, by the token of a sign-in."""
        return await self._call(Buyer, "GET", f"buyers/{_named(token, _TOKEN)}")

    async def _call(
        self,
        kind: type[T],
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        key: str | None = None,
    ) -> T:
        """Send once. Raises `SaysNo` for a definite refusal, and `NoAnswer` for everything unclear."""
        content = json.dumps(body, ensure_ascii=False).encode() if body is not None else b""
        whole_path = f"{self.settings.version_path}/{path}"
        headers = self.settings.signer.headers(
            method=method,
            host=urlsplit(self.settings.url).netloc,
            path=whole_path,
            query="",
            body=content,
            at=clock.now(),
            extra={KEY: key} if key else {},
        )
        try:
            response = await self.http.request(
                method,
                self.settings.url + whole_path,
                content=content,
                headers=headers,
                timeout=self.settings.timeout_seconds,
                follow_redirects=False,
            )
        except httpx.TransportError as error:
            raise NoAnswer(type(error).__name__) from error
        return _read(kind, response)


def _read(kind: type[T], response: httpx.Response) -> T:
    if response.status_code in NOT_AN_ANSWER or response.status_code >= 500:
        raise NoAnswer(f"status {response.status_code}", retry_after_seconds(response.headers))
    try:
        if response.is_success:
            return kind.model_validate_json(response.content)
        problem = Problem.model_validate_json(response.content)
    except ValidationError as error:
        if any(one["type"] == OTHER_CURRENCY for one in error.errors(include_input=False)):
            raise NoAnswer("currency_differs", mismatch=True) from error
        raise NoAnswer(f"unreadable answer with status {response.status_code}") from error
    raise SaysNo(response.status_code, problem.reason_code, problem.message)


def _named(text: str, form: re.Pattern[str] = _ID) -> str:
    """Return an id as a part of a path. Raises `SaysNo` without asking for an id that Amazon cannot have given."""
    if not form.fullmatch(text):
        raise SaysNo(404, "ResourceNotFound", "no name of Amazon's; not asked")
    return quote(text, safe="")


def about(asked_id: str, answered: S, of: Collection[str] = ()) -> S:
    """Return the object `answered`.

    Raises `NoAnswer` if it is another object than requested, or if its parent is none of `of`. Only the object itself
    shows to whom it belongs.
    """
    if answered.own_id != asked_id:
        raise NoAnswer("other_reference", mismatch=True)
    if of and answered.parent_id not in of:
        raise NoAnswer("other_reference", mismatch=True, ref_of_others=asked_id)
    return answered


def told_of(made: T, of_the_same: bool) -> T:
    """Return the object `made`. Raises `NoAnswer` if it belongs to another parent than requested."""
    if not of_the_same:
        raise NoAnswer("other_reference", mismatch=True)
    return made
