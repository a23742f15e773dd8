"""A short slice of `make fuzz`, always the same: checkout's pages and documented operations over ASGI, and
garbage through the queue of a small consumer on a real broker."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from sqlalchemy import MetaData

from checkout.tables import metadata
from harness.eventually import eventually
from harness.keys import Keys
from harness.postgres import MakeDatabase
from harness.rabbitmq import TestBroker
from harness.running import running
from proof.fuzz.known import WORDS
from proof.fuzz.pages import Ask, fuzz_pages
from proof.fuzz.queues import fuzz_queues
from proof.fuzz.roles import Role
from proof.fuzz.routes import routes_of_app
from proof.fuzz.wishes import Wish
from shared.database.outbox import outbox_table
from shared.database.transactions import Tx
from shared.events import PointsUsed
from shared.messaging.consumers import Consumers
from shared.messaging.inbox import inbox_table
from tests.checkout.shopper import ORIGIN, shop_app

EXAMPLES = 2


@pytest.fixture
async def shop(make_db: MakeDatabase, keys: Keys) -> AsyncIterator["Shop"]:
    """Checkout over ASGI, asked from another thread."""
    app = shop_app(await make_db("checkout", metadata), keys)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
        yield Shop(app, client, asyncio.get_running_loop(), _staff(keys))


class Shop:
    """Checkout and how a thread asks it."""

    def __init__(
        self, app: Any, client: httpx.AsyncClient, loop: asyncio.AbstractEventLoop, staff: Role
    ) -> None:
        self.app, self._client, self._loop, self.staff = app, client, loop, staff

    def send(
        self, method: str, url: str, headers: list[tuple[bytes, bytes]], body: bytes | None
    ) -> httpx.Response:
        """Ask, and wait for the answer."""
        asked = self._client.request(method, url, headers=headers, content=body)
        return asyncio.run_coroutine_threadsafe(asked, self._loop).result(30)

    @property
    def ask(self) -> Ask:
        """How pages are asked for."""

        def ask(wish: Wish) -> httpx.Response:
            headers = [(name.encode(), value) for name, value in wish.headers]
            return self.send(wish.method, wish.target, headers, wish.body or None)

        return ask


def _staff(keys: Keys) -> Role:
    claims = {"sub": str(uuid4()), "sid": str(uuid4()), "name": "店長", "staff": "owner"}
    statement = keys.issuers["members"].issue("session", claims, valid_for=timedelta(hours=1))
    return Role("owner", {"noren_session": statement})


async def test_pages_of_routers_inside_routers_are_visited_too(shop: Shop) -> None:
    visited = {route.name: route for route in routes_of_app(shop.app)}

    saved = visited["POST /desk/orders/searches/{search_id}"]
    assert {"name", "query", "for_all"} <= set(saved.fields)
    assert {"POST /desk/orders/searches", "POST /desk/orders/searches/{search_id}/delete"} <= visited.keys()


@pytest.mark.parametrize("role", ["anonymous", "owner"])
async def test_no_page_of_the_shop_fails_whatever_it_is_sent(shop: Shop, role: str) -> None:
    who = shop.staff if role == "owner" else Role(role, {})
    routes = routes_of_app(shop.app)

    part = await asyncio.to_thread(
        fuzz_pages,
        "checkout",
        routes,
        who,
        shop.ask,
        url=ORIGIN,
        origin=ORIGIN,
        known=WORDS,
        examples=EXAMPLES,
        from_seed=None,
    )

    assert part.findings == []
    assert part.requests >= len(routes)
    assert {"200", "303"} <= part.counts.keys()


async def test_every_answer_of_checkout_is_one_that_its_document_names(shop: Shop) -> None:
    document = schemathesis.openapi.from_dict(shop.app.openapi())
    asked = await asyncio.to_thread(_ask_everything, document, shop)

    assert asked >= 9


def _ask_everything(document: Any, shop: Shop) -> int:
    """Ask every operation for right and wrong things. Raises what a check of Schemathesis raises."""
    asked = 0
    for found in document.get_all_operations():
        operation = found.ok()
        # Only a body can be wrong in its shape: any text may stand in a path.
        wrong = [GenerationMode.NEGATIVE] if "requestBody" in operation.definition.raw else []
        for mode in (GenerationMode.POSITIVE, *wrong):

            @settings(
                max_examples=EXAMPLES,
                derandomize=True,
                database=None,
                deadline=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(operation.as_strategy(generation_mode=mode))
            def ask(case: Any) -> None:
                nonlocal asked
                asked += 1
                answer = _answer(case, shop)
                assert answer.status_code < 500, answer.text
                status, kind = str(answer.status_code), answer.headers.get("content-type", "")
                documented = case.operation.definition.raw["responses"]
                assert status in documented or answer.status_code == 405, f"{case}: {answer.text[:300]}"
                if status in documented and documented[status].get("content"):
                    assert kind.split(";")[0] in documented[status]["content"], f"{case}: {kind}"

            ask()
    return asked


def _answer(case: Any, shop: Shop) -> httpx.Response:
    wanted = requests.Request(**_only_a_request(case.as_transport_kwargs(base_url=ORIGIN))).prepare()
    headers = [(name.encode(), _bytes(value)) for name, value in wanted.headers.items()]
    headers += [(b"origin", ORIGIN.encode()), (b"cookie", shop.staff.cookie_header.encode())]
    body = wanted.body
    assert body is None or isinstance(body, str | bytes)
    return shop.send(str(wanted.method), str(wanted.url), headers, _bytes(body) if body else None)


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1")


def _only_a_request(told: dict[str, Any]) -> dict[str, Any]:
    names = ("method", "url", "headers", "params", "data", "json", "files")
    return {name: told[name] for name in names if told.get(name) is not None}


@pytest.mark.broker
async def test_each_bad_message_is_a_dead_letter_and_no_good_one_is(
    broker: TestBroker, make_db: MakeDatabase
) -> None:
    heard: list[str] = []
    consumers = Consumers("members")

    @consumers.on(PointsUsed)
    async def take_garbage(event: PointsUsed, tx: Tx) -> None:
        """Note what could be read."""
        heard.append(event.order_code)

    tables = MetaData()
    outbox_table(tables)
    inbox_table(tables)
    db = await make_db("members", tables)
    async with running(broker, db, consumers):
        async with db.transaction() as tx:
            tx.say(PointsUsed(member_id=uuid4(), points=1, order_code="before"))
        [part] = await fuzz_queues(broker.amqp_url, consumers.all, rounds=2, from_seed=1, big=False)
        async with db.transaction() as tx:
            tx.say(PointsUsed(member_id=uuid4(), points=1, order_code="after"))
        await eventually(lambda: set(heard) >= {"before", "after"}, seconds=60)

    assert part.findings == []
    assert part.counts["twice"] == 0
    assert part.counts["reason:unknown_version"] > 0
    assert part.counts["reason:undecodable"] + part.counts["reason:unknown_version"] == part.requests
    assert set(heard) == {"before", "after"}
