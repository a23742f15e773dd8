"""What something follows from goes with it: into what is said, what is done together, and the log."""

from collections.abc import Sequence
from typing import cast

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from shared.cause import (
    NO_CAUSE,
    Cause,
    child_trace,
    current_cause,
    following,
    new_trace,
    read_traceparent,
    trace_id,
)
from shared.clock import now
from shared.database.group_commit import GroupCommit
from shared.database.outbox import outbox_rows
from shared.database.sql import Connection
from shared.database.transactions import Tx
from shared.events import PointsUsed
from shared.ids import new_id
from shared.messaging.heard import decode_event
from shared.process.logs import add_trace
from shared.web.edge import Edge, EdgeRules

TRACE = f"00-{'a' * 32}-{'b' * 16}-01"


def used(code: str = "N1") -> PointsUsed:
    """Points used on an order."""
    return PointsUsed(member_id=new_id(), points=1, order_code=code)


def said(*events: PointsUsed) -> list[PointsUsed]:
    """Return events as a transaction says them."""
    tx = Tx(cast(Connection, None))
    tx.say(*events)
    return cast(list[PointsUsed], tx._said)


def test_a_trace_goes_on_with_a_step_of_its_own() -> None:
    child = child_trace(TRACE)
    assert trace_id(child) == trace_id(TRACE) == "a" * 32
    assert (child.count("-"), child.endswith("-01"), child != TRACE) == (3, True, True)
    assert read_traceparent(child) == child
    assert trace_id(child_trace(None)) != trace_id(child_trace(None))
    assert trace_id(None) is None


@pytest.mark.parametrize(
    "header",
    [
        None,
        17,
        b"bytes",
        "",
        "00-zz-zz-zz",
        TRACE.upper(),
        f"01{TRACE[2:]}",
        f"{TRACE}-more",
        f"00-{'0' * 32}-{'b' * 16}-01",
        f"00-{'a' * 32}-{'0' * 16}-01",
    ],
)
def test_what_is_no_trace_is_left_alone(header: object) -> None:
    assert read_traceparent(header) is None
    assert read_traceparent(TRACE) == TRACE
    body = used().model_dump_json().encode()
    told = {"occurred_at": now().isoformat(), "traceparent": header}
    assert (
        decode_event(body, type_="points_used.v1", event_id=str(new_id()), headers=told).traceparent is None
    )


def test_what_is_said_follows_from_the_cause_in_force() -> None:
    cause = Cause(new_id(), TRACE)
    with following(cause):
        first, second = said(used(), used())
        with following(NO_CAUSE):
            [alone] = said(used())
        assert current_cause() == cause
    assert {first.caused_by, second.caused_by} == {cause.event_id}
    assert {trace_id(first.traceparent), trace_id(second.traceparent)} == {"a" * 32}
    assert first.traceparent != second.traceparent
    assert alone.caused_by is None
    assert trace_id(alone.traceparent) not in ("a" * 32, None)


def test_an_event_that_names_its_cause_keeps_it() -> None:
    other = new_id()
    with following(Cause(new_id(), TRACE)):
        [named] = said(used().model_copy(update={"caused_by": other}))
        [followed] = said(used().following(Cause(other, None)))
    assert (named.caused_by, trace_id(named.traceparent)) == (other, "a" * 32)
    assert followed.caused_by == other
    assert trace_id(followed.traceparent) != "a" * 32
    [row] = outbox_rows([named], shop="noren")
    assert f'"traceparent":"{named.traceparent}"' in row.headers
    assert f'"causation_id":"{other}"' in row.headers


async def test_what_is_done_together_follows_from_nobody_who_asked() -> None:
    seen: list[Cause] = []

    async def run(numbers: Sequence[int]) -> Sequence[int]:
        seen.append(current_cause())
        return numbers

    with following(Cause(new_id(), TRACE)):
        assert await GroupCommit(run).do(1) == 1
    assert seen == [NO_CAUSE]


def test_a_log_line_tells_the_trace_if_there_is_one() -> None:
    assert add_trace(None, "info", {"event": "x"}) == {"event": "x"}
    with following(Cause(traceparent=TRACE)):
        assert add_trace(None, "info", {"event": "x"}) == {"event": "x", "trace_id": "a" * 32}


async def test_a_request_goes_on_with_its_trace_or_begins_one() -> None:
    app, seen = FastAPI(), []

    @app.get("/")
    async def note() -> None:
        seen.append(current_cause())

    app.add_middleware(Edge, rules=EdgeRules("http://noren.test", secure=False))
    async with AsyncClient(transport=ASGITransport(app), base_url="http://noren.test") as client:
        for trace in (TRACE, "nonsense", None):
            await client.get("/", headers={"traceparent": trace} if trace else {})
    assert [cause.event_id for cause in seen] == [None, None, None]
    assert seen[0].traceparent == TRACE
    assert len({trace_id(cause.traceparent) for cause in seen}) == 3
    assert read_traceparent(new_trace()) is not None
    assert current_cause() == NO_CAUSE
