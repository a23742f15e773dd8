"""The way to the providers: the real methods' HTTP clients, over a transport on which anything may get lost."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import APIRouter
from pydantic import SecretStr

from payments.methods.amazon_pay.method import AmazonPay
from payments.methods.amazon_pay.settings import AmazonPaySettings
from payments.methods.amazon_pay.signing import Signer
from payments.methods.bank_transfer.method import BankTransfer
from payments.methods.bank_transfer.settings import BankTransferSettings
from payments.methods.cash_on_delivery import CashOnDelivery
from payments.methods.konbini.method import Konbini
from payments.methods.konbini.settings import KonbiniSettings
from payments.methods.method import Method, Notice, NoticeRefused, Shop
from payments.methods.registry import Methods
from payments.notices import api as notices
from proof.observers import Movement
from proof.simulation.amazon import Amazon
from proof.simulation.chance import Chance
from proof.simulation.providers import ApiRequest, Bank, KonbiniCompany, Provider
from proof.simulation.trace import Trace

ORIGIN = "http://shop.test"
TIMEOUT_SECONDS = 10.0
LATE_SECONDS = (11.0, 45.0)
"""When a request that seemed lost is done after all: later than its caller waited for it."""


@dataclass
class Providers:
    """All providers of one run."""

    chance: Chance
    trace: Trace

    def __post_init__(self) -> None:
        self.amazon = Amazon(self.chance)
        self.konbini = KonbiniCompany(self.chance)
        self.bank = Bank()
        self.under_way = 0

    def movements(self) -> Sequence[Movement]:
        """Return all movements of money."""
        return [*self.amazon.ledger, *self.konbini.ledger, *self.bank.ledger]


class Wire(httpx.AsyncBaseTransport):
    """Carries calls to one provider of the present run: ``providers`` is set anew for each seed."""

    providers: Providers

    def __init__(self, name: str) -> None:
        self._name = name

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Carry a call there and its answer back; either may be lost or late."""
        chance, dangers = self.providers.chance, self.providers.chance.dangers
        call = _call_of(request)
        fate = "done"
        # Money that goes out twice is gone: here trouble is likeliest.
        pays_out = call.verb == "POST" and call.path[-1] in ("refunds", "payouts")
        if chance.happens(dangers.gateway * (2 if pays_out else 1)):
            fate = chance.one_of(
                ("refused", "never done", "answer lost", "answer lost", "done late", "done late")
            )
            chance.sometimes(f"provider call: {fate}")
        self.providers.trace.add(self._name, f"{call.verb} {'/'.join(call.path)} {call.key}: {fate}")
        match fate:
            case "refused":
                await asyncio.sleep(chance.moment())
                return httpx.Response(503, json={"reasonCode": "ServiceUnavailable"})
            case "never done":
                return await self._silence()
            case "done late":
                self._do(call, chance.seconds(*LATE_SECONDS))
                return await self._silence()
        done = self._do(call, chance.moment())
        if fate == "answer lost":
            return await self._silence()
        status, body = await done
        await asyncio.sleep(chance.moment())
        return httpx.Response(status, json=body)

    def _do(self, call: ApiRequest, seconds: float) -> "asyncio.Future[tuple[int, Any]]":
        """Let the provider do it after ``seconds``, whatever becomes of the caller."""
        providers, loop = self.providers, asyncio.get_running_loop()
        answered: asyncio.Future[tuple[int, Any]] = loop.create_future()
        providers.under_way += 1

        def do() -> None:
            providers.under_way -= 1
            provider: Provider = {
                one.name: one for one in (providers.amazon, providers.konbini, providers.bank)
            }[self._name]
            answer = provider.answer(call)
            providers.trace.add(self._name, f"answers {call.verb} {'/'.join(call.path)}: {answer[0]}")
            if not answered.done():
                answered.set_result(answer)

        loop.call_later(seconds, do)
        return answered

    async def _silence(self) -> httpx.Response:
        if self.providers.chance.happens(0.5):
            await asyncio.sleep(TIMEOUT_SECONDS)
            raise httpx.ReadTimeout("no answer")
        await asyncio.sleep(self.providers.chance.moment())
        raise httpx.RemoteProtocolError("connection closed")


def _call_of(request: httpx.Request) -> ApiRequest:
    headers = request.headers
    return ApiRequest(
        request.method,
        tuple(part for part in request.url.path.split("/") if part),
        dict(request.url.params),
        json.loads(request.content) if request.content else {},
        headers.get("idempotency-key") or headers.get("x-amz-pay-idempotency-key") or "",
    )


class _NoSigner(Signer):
    """Signs nothing."""

    def __init__(self) -> None:
        pass

    def headers(self, *, extra: Mapping[str, str], **_: Any) -> dict[str, str]:
        """Return only the headers that were asked for."""
        return dict(extra)


class _UnsignedSettings(AmazonPaySettings):
    """Settings without a key."""

    @property
    def signer(self) -> Signer:
        """Return one that signs nothing."""
        return _NoSigner()


class UnsignedAmazonPay(AmazonPay):
    """The real method; its notices come without a signature."""

    async def read_notice(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """Believe the notice: proving it is proved elsewhere."""
        told = json.loads(body)
        if not isinstance(told, dict):
            raise NoticeRefused("malformed")
        return Notice(str(told["notice_id"]), str(told["reference"]), refs=told.get("refs", {}))


@dataclass(frozen=True)
class Gateway:
    """The real payment methods, their wires and their notice routes. :meth:`connect` gives them the providers of a run.

    Made once for all runs: FastAPI caches the functions of 4,096 routes, and with them whatever they refer to.
    """

    methods: Methods
    wires: Sequence[Wire]
    shop: Shop
    notices: APIRouter

    def connect(self, providers: Providers) -> None:
        """Let all calls go to ``providers``."""
        for wire in self.wires:
            wire.providers = providers


def make_gateway() -> Gateway:
    """Make all four methods."""
    wires = {name: Wire(name) for name in ("amazon_pay", "konbini", "bank_transfer")}
    clients = {
        name: httpx.AsyncClient(transport=wire, base_url=f"http://{name}", trust_env=False)
        for name, wire in wires.items()
    }
    shop = Shop(ORIGIN, sandbox=True)
    unsigned = _UnsignedSettings.model_validate(
        {"url": "http://amazon_pay", "private_key_file": "none", "sandbox": True}
    )
    made: list[Method] = [
        UnsignedAmazonPay(unsigned, shop, clients["amazon_pay"]),
        Konbini(KonbiniSettings(secret=SecretStr("noren-demo"), sandbox=True), clients["konbini"]),
        BankTransfer(BankTransferSettings(sandbox=True), clients["bank_transfer"]),
        CashOnDelivery(),
    ]
    methods = Methods(made)
    return Gateway(methods, list(wires.values()), shop, notices.router(methods))
