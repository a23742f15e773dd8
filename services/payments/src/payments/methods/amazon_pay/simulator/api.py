"""The entry of the API: it admits, answers and stores. On demand an answer fails on its way."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from payments.methods.amazon_pay.simulator import admission, charges
from payments.methods.amazon_pay.simulator.behaviours import HEADER, NOT_BOOKED, SIMULATION_CODES, Odd, take
from payments.methods.amazon_pay.simulator.due import settle_due
from payments.methods.amazon_pay.simulator.operations import ApiRequest, Operation, find_operation
from payments.methods.amazon_pay.simulator.refusals import Refusal
from payments.methods.amazon_pay.simulator.settings import AmazonSimulatorSettings
from payments.methods.amazon_pay.simulator.store import Document, Store, Transaction, moment


@dataclass(frozen=True, slots=True)
class Api:
    """The ASGI application below /v2, /sandbox/v2 and /live/v2."""

    store: Store
    settings: AmazonSimulatorSettings
    send_early_notices: Callable[[], Awaitable[None]]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        request_id = str(uuid4())
        status, document, odd = self._answer(request, body)
        await self.send_early_notices()
        if odd in (Odd.LOSE_ANSWER, Odd.DROP):
            return await _sever(receive)
        if odd is Odd.HANG:
            await asyncio.sleep(self.settings.hang_seconds)
        response = _response(status, document, odd)
        response.headers["X-Amz-Pay-Request-Id"] = request_id
        return await response(scope, receive, send)

    def _answer(self, request: Request, body: bytes) -> tuple[int, Document, Odd | None]:
        odd: Odd | None = None
        name, key = "none", request.headers.get("x-amz-pay-idempotency-key")
        with self.store.transaction() as tx:
            settle_due(tx)
            try:
                admission.check_signature(self.settings, request, body)
                operation, object_id, path = find_operation(request.method, request.url.path)
                name = operation.name
                odd = _odd(tx, operation, object_id or _named_in(body), request)
                if odd in NOT_BOOKED:
                    status, document = _not_booked(odd)
                else:
                    status, document = self._run(tx, operation, object_id, path, request, body)
            except Refusal as refusal:
                status = refusal.status
                document = {"reasonCode": refusal.reason_code, "message": refusal.message}
            tx.run(
                "insert into calls (at, operation, path, idempotency_key, status, reason_code, behaviour)"
                " values (?, ?, ?, ?, ?, ?, ?)",
                moment(tx.now), name, f"{request.method} {request.url.path}", key, status,
                document.get("reasonCode"), odd,
            )  # fmt: skip
        return status, document, odd

    def _run(
        self,
        tx: Transaction,
        operation: Operation,
        object_id: str,
        path: str,
        request: Request,
        body: bytes,
    ) -> tuple[int, Document]:
        key = admission.idempotency_key(request, required=operation.needs_key)
        code = request.headers.get("x-amz-pay-simulation-code")
        fingerprint = admission.fingerprint(request.method, path, body, code)
        if key is not None:
            for row in tx.run("select * from answers where idempotency_key = ?", key):
                if row["fingerprint"] != fingerprint:
                    message = "The idempotency key was used with a different request."
                    raise Refusal(400, "DuplicateIdempotencyKey", message)
                return int(row["status"]), json.loads(row["body"])
        _check_code(operation, code)
        status, document = operation.run(ApiRequest(tx, self.settings, object_id, body, key, code))
        if key is not None:
            text = json.dumps(document, ensure_ascii=False)
            tx.run("insert into answers values (?, ?, ?, ?)", key, fingerprint, status, text)
        return status, document


def _check_code(operation: Operation, code: str | None) -> None:
    known = {**SIMULATION_CODES, "close": ("AmazonClosed",)}.get(operation.codes, ())
    if code is not None and code not in known:
        raise Refusal(400, "InvalidSandboxSimulationSpecified", f"'{code}' cannot be simulated here.")


def _odd(tx: Transaction, operation: Operation, object_id: str, request: Request) -> Odd | None:
    asked = request.headers.get(HEADER)
    if asked is not None:
        if asked not in list(Odd):
            raise Refusal(400, "InvalidSandboxSimulationSpecified", f"There is no behaviour '{asked}'.")
        return Odd(asked)
    targets = {object_id}
    charge = tx.find(object_id, "charge") if object_id else None
    if charge is not None:
        targets |= charges.targets(charge)
    found = take(tx, operation.name, targets, tuple(Odd))
    return Odd(found) if found else None


def _named_in(body: bytes) -> str:
    """Return the charge or permission in the body of a POST. It only selects the behaviour."""
    try:
        given = json.loads(body)
    except ValueError:
        return ""
    named = (given.get("chargeId") or given.get("chargePermissionId")) if isinstance(given, dict) else None
    return named if isinstance(named, str) else ""


def _not_booked(odd: Odd) -> tuple[int, Document]:
    match odd:
        case Odd.THROTTLE:
            return 429, {"reasonCode": "TooManyRequests", "message": "Slow down."}
        case Odd.ERROR_500:
            return 500, {"reasonCode": "InternalServerError", "message": "Something went wrong."}
        case _:
            return 503, {"reasonCode": "ServiceUnavailable", "message": "Try again later."}


def _response(status: int, document: Document, odd: Odd | None) -> Response:
    if odd is Odd.WRONG_SCHEMA:
        return PlainTextResponse("<html>It works!</html>", status_code=200, media_type="text/html")
    response = JSONResponse(document, status_code=status)
    if odd is Odd.THROTTLE:
        response.headers["Retry-After"] = "1"
    return response


async def _sever(receive: Receive) -> None:
    """Close the socket without an answer.

    ASGI has no message for that. So this uses uvicorn's transport behind its `receive`.
    """
    cycle = getattr(receive, "__self__", None)
    if cycle is None:
        raise ConnectionResetError("the simulator drops this connection")
    cycle.transport.abort()
    await receive()  # answers `http.disconnect` once the socket is gone; without it uvicorn would say 500
