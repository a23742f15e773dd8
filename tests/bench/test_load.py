"""Buyers and staff of the benchmark ask again where a connection broke, and nothing is asked for twice."""

from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from bench.load import SHIPPED_BEFORE, Shop


class BreaksOnce:
    """A shop that does what is asked and hangs up before it answers, the first time."""

    def __init__(self, then: dict[str, Any], status: int) -> None:
        self.then, self.status = then, status
        self.asked: list[tuple[str | None, Any]] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.headers.get("Idempotency-Key"), await request.json()))
        if len(self.asked) == 1:
            assert request.transport is not None
            request.transport.abort()
        return web.json_response(self.then, status=self.status)


async def _with(shop: BreaksOnce, do: Any) -> Shop:
    app = web.Application()
    app.router.add_post("/{path:.*}", shop.answer)
    async with TestServer(app) as server, aiohttp.ClientSession(server.make_url("")) as client:
        plan = {"seed": "s", "origin_url": "http://shop", "staff": "", "members": [], "skus": ["a", "b"]}
        load = Shop(plan, client)
        load.unshipped = {"N-1"}
        await do(load)
    return load


async def test_parcels_that_left_before_a_lost_answer_are_shipped() -> None:
    shop = BreaksOnce({"results": [{"order_code": "N-1", "ok": False, "code": SHIPPED_BEFORE}]}, 200)
    load = await _with(shop, lambda load: load._ship(["N-1"]))
    assert len(shop.asked) == 2
    assert load.unshipped == set()
    assert load.seen.errors == []


async def test_an_order_is_asked_for_again_with_its_key() -> None:
    shop = BreaksOnce({"order_code": "N-2"}, 201)
    load = await _with(shop, lambda load: load.place(7))
    assert [key for key, _ in shop.asked] == ["bench-s-7"] * 2
    assert set(load.seen.asked_at) == {"N-2"}
    assert load.seen.errors == []
