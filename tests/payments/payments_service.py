"""The payments service in a test: it hears events, its workers run when told to, its pages answer."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import orjson
import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.types import ASGIApp

from harness.due_once import claim, perform
from harness.eventually import eventually
from harness.hearing import Hearing, said
from harness.keys import Keys
from payments.consumers import consumers
from payments.main import install_pages
from payments.methods.method import Method, Shop
from payments.methods.registry import Methods
from payments.notices.act_on_notices import Notices
from payments.payment.rows import find_order_payment
from payments.payment.rules.payment import Payment
from payments.requests.perform_requests import Requests
from payments.requests.provider_gate import ProviderGate
from payments.settings import Settings
from payments.watching.watch_payments import Watch
from shared.database.transactions import Database
from shared.due.work import DueWork
from shared.events import Event

ORIGIN = "http://shop.test"


@dataclass
class Payments:
    """The service with the given methods."""

    db: Database
    methods: Methods
    shop: Shop
    hearing: Hearing
    works: Sequence[DueWork]
    browser: httpx.AsyncClient

    async def hears(self, *events: Event, times: int = 1) -> None:
        """Let the service hear events."""
        await self.hearing.hears(*events, times=times)

    async def work(self) -> None:
        """Perform all work that is due, and what becomes due by it, until nothing is."""
        for _ in range(30):
            claimed = [(work, await claim(self.db, work)) for work in self.works]
            if not any(found.rows for _, found in claimed):
                return
            for work, found in claimed:
                await perform(self.db, work, found.items)
        raise AssertionError("work never ends")

    async def payment(self, order_code: str) -> Payment:
        """Return the payment of an order."""
        async with self.db.transaction() as tx:
            found = await find_order_payment(tx, order_code)
        assert found is not None, f"{order_code} has no payment"
        return found

    async def rows(self, sql: str, **values: Any) -> Sequence[Any]:
        """Ask the database."""
        async with self.db.transaction() as tx:
            return await tx.rows(sql, **values)

    async def said(self, *kinds: type[Event]) -> list[Event]:
        """Return what the service said, optionally of some kinds."""
        return [event for event in await said(self.db) if not kinds or isinstance(event, kinds)]

    def restarted(self) -> "Payments":
        """Return the same service with new workers, as after a restart."""
        return replace(self, works=_works(self.methods))


def settings_for(url: str, trusted_keys_file: Path | None = None) -> Settings:
    """Return settings that reach no broker."""
    return Settings(
        database_url=SecretStr(url),
        amqp_url=SecretStr("amqp://nowhere"),
        origin_url=ORIGIN,
        cookie_secure=False,
        trusted_keys_file=trusted_keys_file,
    )


def make_payments(db: Database, keys: Keys, folder: Path, *methods: Method) -> Payments:
    """Return the service; ``folder`` takes the key file."""
    file = folder / "trusted.json"
    file.write_bytes(orjson.dumps(keys.jwks))
    settings = settings_for(db.url, file)
    known, shop = Methods(methods), Shop(ORIGIN, sandbox=True, issuer=keys.issuers["payments"])
    app = FastAPI()
    install_pages(app, settings, db, known, shop)
    browser = httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url=ORIGIN, headers={"Origin": ORIGIN, "Accept": "text/html"}
    )
    hearing = Hearing(consumers, db, {Methods: known, Settings: settings})
    return Payments(db, known, shop, hearing, _works(known), browser)


def _works(methods: Methods) -> list[DueWork]:
    gate = ProviderGate(methods)
    return [kind(gate).due_work(concurrency=10) for kind in (Requests, Notices, Watch)]


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[str]:
    """Serve an application on a port of its own, in this event loop; yield its address."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server._serve())
    await eventually(lambda: server.started, every=0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    server.force_exit = True
    await task
