"""What the suite of every method needs to know about a method: its driver, and the method with its provider."""

import importlib
import importlib.util
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import orjson
from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from harness.keys import Keys
from payments.methods.method import Method, Shop
from payments.methods.registry import known_kinds
from payments.payment.rules.payment import Operation, Payment
from shared.database.transactions import Database
from tests.payments.order_examples import placed, reserved
from tests.payments.payments_service import ORIGIN, Payments, make_payments, served


class Driver(Protocol):
    """Plays the buyer and the provider. A method hands it over as ``DRIVER`` in ``simulator/driving.py``."""

    sends_notices: bool
    first_call_is_asked: bool
    """Whether authorizing or issuing asks the provider at all."""

    def app(self, folder: Path, notice_url: str) -> FastAPI: ...
    def method(self, url: str, shop: Shop) -> Method: ...
    def choice(self) -> dict[str, str]: ...
    async def approve(self, payment: Payment) -> None: ...
    async def pay(self, payment: Payment, *, amount: int | None = None, tell: bool = True) -> None: ...
    def go_wrong(self, operation: Operation | str, mood: str) -> None: ...
    def notices(self) -> list[tuple[dict[str, str], bytes]]: ...
    def taken(self, payment: Payment) -> list[int]: ...
    def returned(self, payment: Payment) -> list[int]: ...


def driven_kinds() -> list[str]:
    """Return the methods whose simulators can be driven."""
    names = [f"payments.methods.{kind}.simulator" for kind in known_kinds()]
    return [
        name.split(".")[2]
        for name in names
        if importlib.util.find_spec(name) and importlib.util.find_spec(f"{name}.driving")
    ]


def driver_of(kind: str) -> Driver:
    """Return a new driver for a method."""
    made: Driver = importlib.import_module(f"payments.methods.{kind}.simulator.driving").DRIVER()
    return made


@dataclass
class Trial:
    """One method in service, with its simulator."""

    kind: str
    driver: Driver
    method: Method
    payments: Payments
    meddler: "Meddler"

    @property
    def opening(self) -> Operation:
        """Return the request with which its payments begin."""
        return "authorize" if self.method.terms.flow == "authorized" else "issue"

    async def order(self, code: str) -> Payment:
        """Place an order, with stock held, and let the workers work."""
        await self.payments.hears(placed(code, self.kind, choice=self.driver.choice()), reserved(code))
        await self.payments.work()
        await self.driver.approve(await self.payments.payment(code))
        await self.payments.work()
        return await self.payments.payment(code)

    async def post_notices(self, times: int = 1) -> None:
        """Deliver what the provider has sent so far, ``times`` times."""
        for headers, body in self.driver.notices() * times:
            path = f"/payments/{self.method.path}/notices"
            answer = await self.payments.browser.post(path, content=body, headers=headers)
            assert answer.status_code == 200
        await self.payments.work()


@asynccontextmanager
async def trial(kind: str, db: Database, keys: Keys, folder: Path) -> AsyncIterator[Trial]:
    """Put a method in service; a second trial in the same folder is the provider after a restart."""
    driver = driver_of(kind)
    meddler = Meddler(driver.app(folder, f"{ORIGIN}/unused"))
    async with served(meddler) as url:
        method = driver.method(url, Shop(ORIGIN, sandbox=True, issuer=keys.issuers["payments"]))
        payments = make_payments(db, keys, folder, method)
        yield Trial(kind, driver, method, payments, meddler)
        await payments.browser.aclose()
        await method.close()


Change = Callable[[Any], Any]
"""What becomes of a provider's answer, read as JSON, on its way."""


class Meddler:
    """Stands before a provider and may change what it answers to some verbs (GET asks, POST does)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.verbs: tuple[str, ...] = ()
        self.change: Change = lambda answer: answer
        self.status = 0
        self._heard: dict[str, bytes] = {}
        self._remembers = self._repeats = False

    def remember(self) -> None:
        """Keep the answers to GET from now on."""
        self._remembers = True

    def repeat(self) -> None:
        """Answer each GET with the answer that was kept, if there is one, from now on."""
        self._remembers, self._repeats = False, True

    def let(self, change: Change, *verbs: str) -> None:
        """Change answers to ``verbs`` from now on."""
        self.verbs, self.change, self.status = verbs, change, 0

    def refuse(self, status: int, code: str, *verbs: str) -> None:
        """Let the provider do what it is asked for and refuse it all the same, from now on."""
        self.let(lambda _: {"code": code, "reasonCode": code, "message": code}, *verbs)
        self.status = status

    def stop(self) -> None:
        """Let everything pass from now on."""
        self.verbs = ()
        self._remembers = self._repeats = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET" and (self._remembers or self._repeats):
            await self._remember_or_repeat(scope, receive, send)
            return
        if scope["type"] != "http" or scope["method"] not in self.verbs:
            await self._app(scope, receive, send)
            return
        started: list[Message] = []
        body = b""

        async def hold(message: Message) -> None:
            nonlocal body
            if message["type"] == "http.response.start":
                started.append(message)
                return
            body += message.get("body", b"")
            if not message.get("more_body"):
                told = None if self.status else orjson.loads(body)
                changed = orjson.dumps(self.change(told))
                headers = [one for one in started[0]["headers"] if one[0].lower() != b"content-length"]
                status = self.status or started[0]["status"]
                await send({**started[0], "headers": headers, "status": status})
                await send({"type": "http.response.body", "body": changed})

        await self._app(scope, receive, hold)

    async def _remember_or_repeat(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, body = scope["path"], b""
        if self._repeats and path in self._heard:
            headers = [(b"content-type", b"application/json")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": self._heard[path]})
            return

        async def hear(message: Message) -> None:
            nonlocal body
            body += message.get("body", b"")
            await send(message)

        await self._app(scope, receive, hear)
        if self._remembers:
            self._heard[path] = body


def everywhere(change: Callable[[str, Any], Any]) -> Change:
    """Return a change of every named value in an answer, however deep it stands."""

    def changed(name: str, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: changed(key, one) for key, one in value.items()}
        if isinstance(value, list):
            return [changed(name, one) for one in value]
        return change(name, value)

    return lambda answer: changed("", answer)


def amounts_become(amount: int) -> Change:
    """Return a change of every amount to ``amount``."""

    def change(name: str, value: Any) -> Any:
        if name != "amount":
            return value
        return str(amount) if isinstance(value, str) else amount

    return everywhere(change)


def of_another(mine: Payment, other: Payment) -> Change:
    """Return a change that makes an answer about ``mine`` one about ``other``."""
    ids = {value: other.refs.get(name, value) for name, value in mine.refs.items()}
    ids[mine.payment_id.hex] = other.payment_id.hex
    return everywhere(lambda _, value: ids.get(value, value) if isinstance(value, str) else value)


def in_dollars(answer: Any) -> Any:
    """Tell every amount in another currency than the shop's."""
    dollars = everywhere(lambda name, value: "USD" if name == "currencyCode" else value)(answer)
    told = [dollars, *dollars.get("payouts", [])]
    for one in told:
        one["currency"] = "USD"
    return dollars
