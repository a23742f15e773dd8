"""What a worker makes of each message: done, refused, put off or buried, and acknowledged only then."""

import asyncio
from functools import partial
from typing import Any

import pytest
from structlog.testing import capture_logs

from harness.counted import counted
from harness.eventually import eventually
from harness.hearing import said
from harness.postgres import MakeDatabase
from harness.together import statements_of
from harness.traces import causes, traced
from harness.trouble import shaky, time_passed
from shared.events import PointsUsed
from shared.ids import new_id
from shared.messaging.worker import LOOK_EVERY_SECONDS
from tests.shared.memory_broker import Channel, Line, Post
from tests.shared.worker_at_work import STOPS, Desk, answering, at_work, consumers, metadata, used


async def test_a_refused_message_is_heard_and_others_are_done(make_db: MakeDatabase) -> None:
    async with at_work(await make_db("members", metadata)) as desk:
        await desk.brings("before", "refused", "after")
        await desk.acknowledged()
        assert (await desk.effects(), await desk.heard()) == (["before", "after"], 3)
        assert desk.post.messages == []


async def test_of_a_batch_each_event_is_the_cause_of_its_own_answer(make_db: MakeDatabase) -> None:
    db = await make_db("members", metadata)
    heard = [traced(used(code)) for code in ("N1", "N2", "N3")]
    with statements_of(db) as seen:
        async with at_work(db, consumer=answering.all[0]) as desk:
            for event in heard:
                await desk.brings_event(event, told={"traceparent": event.traceparent})
            await desk.acknowledged()
    assert len([one for one in seen if "INSERT INTO inbox" in one]) == 1
    assert causes(await said(db), heard) == [("PointsActivated", code) for code in ("N1", "N2", "N3")]


@pytest.mark.parametrize("code", ["early", "bug"])
async def test_a_message_that_fails_goes_back_alone_and_is_not_heard(
    make_db: MakeDatabase, code: str
) -> None:
    async with at_work(await make_db("members", metadata)) as desk:
        await desk.brings("before", code, "after")
        await desk.acknowledged()
        assert (await desk.effects(), await desk.heard()) == (["before", "after"], 2)
        [sent] = desk.post.messages
        assert (sent.exchange, sent.properties.correlation_id) == ("members.retry.1s", code)
        await desk.brings(code)
        await desk.acknowledged()
        assert len(desk.post.messages) == 2


async def test_garbage_is_buried_and_its_neighbours_are_done(make_db: MakeDatabase) -> None:
    async with at_work(await make_db("members", metadata)) as desk:
        await desk.brings("before")
        await desk.brings_event(PointsUsed(member_id=new_id(), points=1, order_code="x"), body=b"{")
        await desk.brings("after")
        await desk.acknowledged()
        assert await desk.effects() == ["before", "after"]
        [dead] = desk.post.messages
        assert dead.exchange == "members.dead"
        assert dead.properties.headers is not None
        assert dead.properties.headers["reason"] == "undecodable"

        await desk.brings_event(PointsUsed(member_id=new_id(), points=1, order_code="y"), body=b"{")
        await desk.acknowledged()
        assert len(desk.post.messages) == 2


async def test_a_replay_is_stored_once_with_who_asked(
    make_db: MakeDatabase,
) -> None:
    headers = {"died_at": "2026-11-22T01:00:00+00:00", "died_of": "failed", "replayed_by": "hanako@desk"}
    bad = PointsUsed(member_id=new_id(), points=1, order_code="bug")
    async with at_work(await make_db("members", metadata)) as desk:
        with capture_logs() as logs:
            for _ in range(2):
                await desk.brings("before")
                await desk.brings_event(bad, told=headers)
                await desk.acknowledged()
        noted = [line for line in logs if line["event"] == "message.replayed"]
        assert [(line["by"], line["died_of"], line["event_id"]) for line in noted] == [
            ("hanako@desk", "failed", str(bad.event_id))
        ]
        async with desk.db.transaction() as tx:
            [row] = await tx.rows("SELECT * FROM replays")
        assert (row.consumer, row.event_id) == ("members.try_points", bad.event_id)
        assert (row.died_at, row.died_of, row.replayed_by) == tuple(headers.values())
        assert await desk.effects() == ["before", "before"]
        assert [sent.exchange for sent in desk.post.messages] == ["members.retry.1s"] * 2


async def test_a_redelivered_message_is_acknowledged_alone(
    make_db: MakeDatabase,
) -> None:
    async with at_work(await make_db("members", metadata)) as desk:
        for code in ("first", "second"):
            await desk.brings_event(used(code), redelivered=True)
        await desk.brings("new", "newer")
        await desk.acknowledged()
        assert await desk.effects() == ["first", "second", "new", "newer"]
        assert desk.channel.acknowledged == [(1, False), (2, False), (4, True)]


def all_alone(desk: Desk, number: int) -> bool:
    """Whether so many messages were acknowledged, each alone."""
    return len(desk.channel.acknowledged) == number


async def test_after_each_death_the_order_is_another(
    make_db: MakeDatabase,
) -> None:
    codes = [f"N{n}" for n in range(8)]
    events = [used(code) for code in codes]
    orders = []
    for times in (1, 2, 3):
        async with at_work(await make_db("members", metadata)) as desk:
            for event in events:
                await desk.brings_event(event, redelivered=True, told={"x-delivery-count": times})
            late = used("late")
            await desk.brings_event(late, redelivered=True, told={"x-delivery-count": 1})
            await eventually(partial(all_alone, desk, 9))
            orders.append(await desk.effects())
    assert orders[0] == [*codes, "late"]
    assert [order[0] for order in orders[1:]] == ["late", "late"]
    assert sorted(orders[1][1:]) == codes
    assert len({tuple(order) for order in orders}) == 3


async def test_a_stopped_worker_returns_redelivered_messages(make_db: MakeDatabase) -> None:
    async with at_work(await make_db("members", metadata)) as desk:
        await desk.brings_event(used("stop"), redelivered=True)
        await desk.brings_event(used("after"), redelivered=True)
        STOPS.append(desk.worker)
        await eventually(lambda: desk.channel.acknowledged == [(1, False)])
    assert await desk.effects() == ["stop"]


async def test_a_message_that_is_not_put_off_is_not_acknowledged(make_db: MakeDatabase) -> None:
    post = Post()
    post.open = False
    async with at_work(await make_db("members", metadata), post=post) as desk:
        await desk.brings("early")
        await eventually(lambda: len(desk.line.used) == 2 and desk.worker.consuming_at is not None)
        assert desk.line.used[0].acknowledged == []
        post.open = True
        await desk.brings("early")
        await desk.acknowledged()
        assert len(post.messages) == 1


async def test_messages_wait_uncounted_while_the_database_is_away(
    make_db: MakeDatabase,
) -> None:
    async with shaky(await make_db("members", metadata)) as db, at_work(db) as desk:
        db.trouble = ConnectionError()
        await desk.brings("first", "second")
        await eventually(lambda: db.refusals > 2)
        assert desk.channel.acknowledged == []
        db.trouble = None
        await desk.acknowledged()
        assert await desk.effects() == ["first", "second"]
        assert desk.post.messages == []


async def test_an_event_heard_before_has_no_effect(
    make_db: MakeDatabase,
) -> None:
    event = PointsUsed(member_id=new_id(), points=1, order_code="once")
    async with at_work(await make_db("members", metadata)) as desk:
        for _ in range(3):
            await desk.brings_event(event)
            await desk.acknowledged()
        assert (await desk.effects(), await desk.heard()) == (["once"], 1)


OUTCOMES = ("done", "duplicate", "refused", "put_off", "failed", "undecodable")


async def test_operators_count_outcomes_and_batch_sizes(
    make_db: MakeDatabase,
) -> None:
    def counts() -> list[float]:
        outcomes = [
            counted("noren_messages_total", consumer="members.try_points", outcome=outcome)
            for outcome in OUTCOMES
        ]
        about = {"consumer": "members.try_points"}
        batches = ("noren_batch_messages_count", "noren_batch_messages_sum", "noren_batch_seconds_count")
        return [*outcomes, *(counted(name, **about) for name in batches)]

    again = PointsUsed(member_id=new_id(), points=1, order_code="twice")
    async with at_work(await make_db("members", metadata)) as desk:
        before, long = counts(), counted("noren_batch_seconds_sum", consumer="members.try_points")
        await desk.brings("one", "two", "three")
        await desk.acknowledged()
        for _ in range(2):
            await desk.brings_event(again)
            await desk.acknowledged()
        await desk.brings_event(again, body=b"{")
        await desk.brings("refused", "early", "bug")
        await desk.acknowledged()
        changes = [after - was for after, was in zip(counts(), before, strict=True)]
        assert changes == [4, 1, 1, 1, 1, 1, 4, 9, 4]
        took = counted("noren_batch_seconds_sum", consumer="members.try_points") - long
        assert 0 < took < 60


async def test_operators_read_which_message_was_refused_or_failed(make_db: MakeDatabase) -> None:
    bad = PointsUsed(member_id=new_id(), points=1, order_code="refused")
    broken = PointsUsed(member_id=new_id(), points=1, order_code="bug")
    async with at_work(await make_db("members", metadata)) as desk:
        with capture_logs() as logs:
            for event in (bad, broken):
                await desk.brings_event(event)
                await desk.acknowledged()
    told = {line.pop("event"): line for line in logs}
    about = {"queue": "members.try_points", "type": PointsUsed.type}
    assert told["message.refused"] == {
        **about,
        "log_level": "info",
        "event_id": str(bad.event_id),
        "correlation": "refused",
        "code": "no",
    }
    failed = told["message.failed"]
    assert failed.pop("exc_info") is not None
    assert failed == {
        **about,
        "log_level": "error",
        "event_id": str(broken.event_id),
        "correlation": "bug",
    }


async def test_a_worker_unknown_to_the_broker_begins_anew(make_db: MakeDatabase) -> None:
    db = await make_db("members", metadata)
    async with at_work(db, Channel(known=0)) as desk:
        with time_passed(LOOK_EVERY_SECONDS + 1):
            await eventually(lambda: len(desk.line.used) == 2)
    async with at_work(db, Channel(known=1)) as desk:
        with time_passed(LOOK_EVERY_SECONDS + 1):
            await desk.brings("still here")
            await desk.acknowledged()
        assert len(desk.line.used) == 1


class Dead(Channel):
    """A channel that dies before anything can be consumed."""

    async def basic_qos(self, **_: Any) -> None:
        """Fail."""
        raise ConnectionError("dead")


async def test_a_channel_that_dies_before_it_consumes_is_replaced(make_db: MakeDatabase) -> None:
    async with at_work(await make_db("members", metadata), Dead(), Dead()) as desk:
        assert len(desk.line.used) == 3
        await desk.brings("here")
        await desk.acknowledged()


async def test_a_worker_cancelled_while_its_channel_closes_ends(make_db: MakeDatabase) -> None:
    closing = asyncio.Event()

    async def never_closes() -> None:
        closing.set()
        await asyncio.Event().wait()

    line = Line(Channel(close=never_closes))
    desk = Desk(await make_db("members", metadata), line, Post(), consumers.all[0])
    task = asyncio.create_task(desk.worker.run())
    await eventually(lambda: desk.worker.consuming_at is not None)
    line.used[0].is_closed = True
    await closing.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
