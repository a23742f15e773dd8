"""Of one order, each event names the event of it that it follows from, and keeps the trace of the request behind it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import orjson
import pytest

from harness.eventually import eventually
from proof.browser import Browser
from proof.load import Load
from proof.observers import SERVICES, Outside
from shared.cause import trace_id
from tests.journeys.stack import Stack

BUYERS, STAFFS = (f"00-{number * 32}-{'0' * 15}1-01" for number in "ab")
BY_REQUEST = {"order_placed.v1", "shipped.v1", "order_deed_done.v1"}
"""What people do, each in the trace of its own request; all else follows from that."""


@dataclass(frozen=True)
class Said:
    """One event of an order."""

    type: str
    caused_by: str | None
    trace: str | None


async def story(outside: Outside, code: str) -> dict[str, Said]:
    """Return all events of an order by their ids."""
    found = {}
    for service in SERVICES:
        rows = "SELECT event_id, type, headers FROM outbox WHERE correlation = $1"
        for row in await outside.rows(service, rows, code):
            headers: dict[str, Any] = orjson.loads(row["headers"])
            cause, trace = headers.get("causation_id"), trace_id(headers["traceparent"])
            found[str(row["event_id"])] = Said(row["type"], cause, trace)
    return found


@pytest.fixture
async def buyer(stack: Stack) -> AsyncIterator[Browser]:
    async with Browser(stack.origin_url) as browser:
        browser.client.headers["traceparent"] = BUYERS
        yield browser


@pytest.mark.parametrize(
    ("method", "events"),
    [
        (
            "amazon_pay",
            {"payment_authorized.v1", "payment_captured.v1", "order_processed.v1", "mail_sent.v1"},
        ),
        (
            "konbini",
            {"stock_reserved.v1", "payment_number_issued.v1", "payment_captured.v1", "mail_sent.v1"},
        ),
    ],
)
async def test_every_event_of_an_order_has_its_cause_and_its_trace(
    stack: Stack, outside: Outside, load: Load, buyer: Browser, method: str, events: set[str]
) -> None:
    await load.log_in_at_desk()
    order = await load.buys(method, buyer=buyer)
    await load.pays(order)
    before = await story(outside, order.code)
    assert {one.trace for one in before.values()} == {trace_id(BUYERS)}
    load.desk.client.headers["traceparent"] = STAFFS
    await load.ships(order)

    async def all_is_said() -> None:
        said = {one.type for one in (await story(outside, order.code)).values()}
        assert {*events, *BY_REQUEST, "order_processed.v1"} <= said

    await eventually(all_is_said, seconds=120, every=0.5)
    told = await story(outside, order.code)
    assert {one.type for one in told.values() if one.caused_by is None} == BY_REQUEST
    for one in told.values():
        if one.caused_by is None:
            assert one.trace == trace_id(BUYERS if one.type == "order_placed.v1" else STAFFS)
        else:
            assert one.caused_by in told, f"{one.type} names an event of another order"
            assert one.trace == told[one.caused_by].trace, f"{one.type} left its trace"
