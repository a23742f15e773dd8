"""A worker and its channel: whatever becomes of the channel, the worker begins again, and stops when told."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import cast

import pytest
from sqlalchemy import MetaData

from harness.eventually import eventually
from harness.postgres import MakeDatabase
from harness.running import worker_of
from shared.database.outbox import outbox_table
from shared.database.transactions import Database, Tx
from shared.events import PointsUsed
from shared.ids import new_id
from shared.messaging.amqp import BrokerUnavailable, Link, Publisher
from shared.messaging.consumers import Consumers
from shared.messaging.inbox import forget_heard, inbox_table, insert_inbox
from shared.messaging.worker import Intake, Worker
from tests.shared.memory_broker import Channel, Line, delivery, stopped

metadata = MetaData()
outbox_table(metadata)
inbox_table(metadata)

consumers = Consumers("members")


@consumers.on(PointsUsed)
async def note_use(event: PointsUsed, tx: Tx) -> None:
    """Nothing but the inbox."""


def worker_on(db: Database, line: Line, *, linger_seconds: float = 0.0) -> Worker:
    """A worker on ``line`` that looks at its channel all the time."""
    consumer = replace(consumers.all[0], linger_seconds=linger_seconds)
    nobody = cast(Publisher, None)
    return worker_of(consumer, db, Intake(cast(Link, line), nobody, prefetch=10, idle_seconds=0.02))


@pytest.mark.parametrize(
    "loss",
    [
        BrokerUnavailable("away"),
        ConnectionError("reset"),
        TimeoutError(),
        # A dying connection cancels futures that others wait for.
        asyncio.CancelledError(),
    ],
)
async def test_a_worker_that_gets_no_channel_tries_again(make_db: MakeDatabase, loss: BaseException) -> None:
    line = Line(loss, loss)
    worker = worker_on(await make_db("members", metadata), line)
    task = asyncio.create_task(worker.run())
    await eventually(lambda: worker.consuming_at is not None)
    assert len(line.used) == 1
    await stopped(worker, task)


@pytest.mark.parametrize("loss", ["closed", "consumer"])
async def test_a_worker_notices_that_its_consumer_is_gone(make_db: MakeDatabase, loss: str) -> None:
    line = Line()
    worker = worker_on(await make_db("members", metadata), line)
    task = asyncio.create_task(worker.run())
    await eventually(lambda: worker.consuming_at is not None)
    if loss == "closed":
        line.used[0].is_closed = True
    else:
        line.used[0].consumers.clear()
    await eventually(lambda: len(line.used) == 2)
    await stopped(worker, task)


async def breaks() -> None:
    raise ConnectionError("close")


async def is_cancelled() -> None:
    raise asyncio.CancelledError


@pytest.mark.parametrize("close", [breaks, is_cancelled])
async def test_a_channel_that_does_not_close_does_not_end_the_worker(
    make_db: MakeDatabase, close: Callable[[], Awaitable[None]]
) -> None:
    line = Line(Channel(close=close))
    worker = worker_on(await make_db("members", metadata), line)
    task = asyncio.create_task(worker.run())
    await eventually(lambda: worker.consuming_at is not None)
    line.used[0].is_closed = True
    await eventually(lambda: len(line.used) == 2)
    await stopped(worker, task)


async def test_a_worker_that_is_cancelled_ends(make_db: MakeDatabase) -> None:
    line = Line()
    worker = worker_on(await make_db("members", metadata), line)
    task = asyncio.create_task(worker.run())
    await eventually(lambda: worker.consuming_at is not None)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_waiting_messages_are_one_batch_acknowledged_once(make_db: MakeDatabase) -> None:
    db, line = await make_db("members", metadata), Line()
    worker = worker_on(db, line)
    task = asyncio.create_task(worker.run())
    await eventually(lambda: worker.consuming_at is not None)
    [channel] = line.used
    events = [PointsUsed(member_id=new_id(), points=1, order_code=f"N{n}") for n in range(3)]
    for tag, event in enumerate([*events, events[0]], start=1):
        await channel.consumers["members.note_use"](delivery(tag, event))
    await eventually(lambda: channel.acknowledged == [(4, True)])
    async with db.transaction() as tx:
        heard = {row.event_id for row in await tx.rows("SELECT event_id FROM inbox")}
    assert heard == {event.event_id for event in events}
    await stopped(worker, task)


async def test_a_lingering_function_hears_later_events_in_its_batch(
    make_db: MakeDatabase,
) -> None:
    db, line = await make_db("members", metadata), Line()
    worker = worker_on(db, line, linger_seconds=1.0)
    task = asyncio.create_task(worker.run())
    await eventually(lambda: worker.consuming_at is not None)
    [channel] = line.used
    take = channel.consumers["members.note_use"]
    for tag in (1, 2, 3):
        await take(delivery(tag, PointsUsed(member_id=new_id(), points=1, order_code=f"N{tag}")))
        for _ in range(20):  # long enough for the worker to begin, were it not lingering
            await asyncio.sleep(0)
    await eventually(lambda: len(channel.acknowledged) > 0)
    assert channel.acknowledged == [(3, True)]
    await stopped(worker, task)


async def test_a_worker_stopped_without_database_acknowledges_none() -> None:
    nowhere = Database("postgresql+asyncpg://nobody@127.0.0.1:1/none", service="members")
    line = Line()
    worker = worker_on(nowhere, line)
    task = asyncio.create_task(worker.run())
    await eventually(lambda: worker.consuming_at is not None)
    [channel] = line.used
    event = PointsUsed(member_id=new_id(), points=1, order_code="N1")
    started = worker.consuming_at
    await channel.consumers["members.note_use"](delivery(1, event))
    await eventually(lambda: worker.consuming_at is not None and worker.consuming_at > (started or 0) + 0.3)
    await stopped(worker, task)
    assert channel.acknowledged == []
    await nowhere.close()


async def test_the_inbox_forgets_only_what_no_replay_can_bring_again(make_db: MakeDatabase) -> None:
    db = await make_db("members", metadata)
    ids = [new_id() for _ in range(3)]
    async with db.transaction() as tx:
        assert await insert_inbox(tx, "members.note_use", ids) == set(ids)
        assert await insert_inbox(tx, "members.note_use", ids) == set()
        assert await insert_inbox(tx, "members.other", ids[:1]) == {ids[0]}
        await tx.execute(
            "UPDATE inbox SET heard_at = now() - interval '90 days 1 minute' WHERE event_id = :id", id=ids[0]
        )
        await tx.execute(
            "UPDATE inbox SET heard_at = now() - interval '89 days' WHERE event_id = :id", id=ids[1]
        )
    async with db.transaction() as tx:
        assert await forget_heard(tx, rows_max=1) == 1
        assert await forget_heard(tx) == 1
        assert await forget_heard(tx) == 0
        assert await insert_inbox(tx, "members.note_use", ids) == {ids[0]}
