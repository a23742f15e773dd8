"""What becomes of messages on a real broker: once, later, or among the dead letters with their story."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiormq
import orjson
import pytest
from aiormq.abc import DeliveredMessage
from pamqp.commands import Basic
from sqlalchemy import Column, Integer, MetaData, Table, Text

from harness.eventually import eventually
from harness.hearing import said
from harness.rabbitmq import TestBroker
from harness.running import declare_all, purge, read_queue, running, worker_of
from shared.database.outbox import outbox_table
from shared.database.transactions import Database, Tx
from shared.errors import Refused, TryAgain
from shared.events import PointsReturned, PointsUsed
from shared.ids import new_id
from shared.messaging.amqp import Link, Publisher, event_properties
from shared.messaging.consumers import Consumers
from shared.messaging.inbox import inbox_table
from shared.messaging.topology import DELIVERY_LIMIT
from shared.messaging.worker import Intake

pytestmark = pytest.mark.broker

metadata = MetaData()
outbox_table(metadata)
inbox_table(metadata)
Table(
    "effects",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("what", Text),
)

# The service says and hears its own events here, so that one database shows both ends.
consumers = Consumers("members")
QUEUE = "members.try_points"


@consumers.on(PointsUsed)
async def try_points(event: PointsUsed, tx: Tx) -> None:
    """Do what the order code asks for."""
    await tx.execute("INSERT INTO effects (what) VALUES (:what)", what=event.order_code)
    if event.order_code == "poison":
        raise ZeroDivisionError
    if event.order_code == "refused":
        raise Refused("no", "できません")
    if event.order_code == "early" and not await tx.value("SELECT 1 FROM effects WHERE what = 'first'"):
        raise TryAgain("first is not here yet")


listed = Consumers("members")


@listed.on(PointsReturned)
async def list_points(events: list[PointsReturned], tx: Tx) -> None:
    """Note all at once."""
    await tx.execute(
        "INSERT INTO effects (what) SELECT * FROM unnest(CAST(:codes AS text[]))",
        codes=[event.order_code for event in events],
    )


@pytest.fixture
async def db(make_db: Any) -> Database:
    """Outbox, inbox and effects."""
    made: Database = await make_db("members", metadata)
    return made


def used(code: str) -> PointsUsed:
    """Points used on the order ``code``."""
    return PointsUsed(member_id=new_id(), points=1, order_code=code)


async def effects(db: Database) -> list[str]:
    """What handlers did and committed."""
    async with db.transaction() as tx:
        return [row.what for row in await tx.rows("SELECT what FROM effects ORDER BY id")]


async def say(db: Database, *codes: str) -> None:
    """Say one event for each code, in one transaction."""
    async with db.transaction() as tx:
        tx.say(*(used(code) for code in codes))


async def test_a_thousand_events_reach_their_handler_once_each(broker: TestBroker, db: Database) -> None:
    codes = [f"N-{n}" for n in range(1000)]
    async with running(broker, db, consumers):
        await purge(broker, QUEUE, f"{QUEUE}.dead")
        for start in range(0, 1000, 50):
            await say(db, *codes[start : start + 50])

        async def all_there() -> None:
            assert sorted(await effects(db)) == sorted(codes)

        await eventually(all_there, seconds=60)


async def test_a_list_handler_gets_everything_that_arrived(broker: TestBroker, db: Database) -> None:
    async with running(broker, db, listed):
        await purge(broker, "members.list_points")
        async with db.transaction() as tx:
            tx.say(
                *(
                    PointsReturned(
                        member_id=new_id(), points_returned=1, points_revoked=0, order_code=f"L{n}"
                    )
                    for n in range(50)
                )
            )

        async def all_there() -> None:
            assert len(await effects(db)) == 50

        await eventually(all_there)


async def test_a_poison_message_is_dead_after_three_tries(broker: TestBroker, db: Database) -> None:
    async with running(broker, db, consumers):
        await purge(broker, QUEUE, f"{QUEUE}.dead")
        await say(db, "before", "poison", "after")

        async def neighbours_done() -> None:
            assert await effects(db) == ["before", "after"]

        await eventually(neighbours_done)
        letters: list[Any] = []

        async def dead_letter_there() -> None:
            letters.extend(await read_queue(broker, f"{QUEUE}.dead"))
            assert letters

        await eventually(dead_letter_there, seconds=30)

    [letter] = letters
    headers = letter.header.properties.headers
    assert headers["reason"] == "failed"
    assert headers["error"] == "ZeroDivisionError"
    assert headers["attempts"] == 3
    assert headers["handler"] == QUEUE
    assert headers["first_failed_at"] < headers["last_failed_at"]
    assert orjson.loads(letter.body)["order_code"] == "poison"
    assert await effects(db) == ["before", "after"]


async def test_a_refused_message_is_heard_and_changes_nothing(broker: TestBroker, db: Database) -> None:
    async with running(broker, db, consumers):
        await purge(broker, QUEUE, f"{QUEUE}.dead")
        await say(db, "refused", "after")

        async def both_heard() -> None:
            async with db.transaction() as tx:
                assert await tx.value("SELECT count(*) FROM inbox") == 2

        await eventually(both_heard)
    assert await effects(db) == ["after"]
    assert await read_queue(broker, f"{QUEUE}.dead") == []


@pytest.mark.feature("OPS-08")
async def test_an_early_event_is_handled_after_its_predecessor(broker: TestBroker, db: Database) -> None:
    async with running(broker, db, consumers):
        await purge(broker, QUEUE, f"{QUEUE}.dead")
        await say(db, "early")
        await say(db, "first")

        async def both_done() -> None:
            assert await effects(db) == ["first", "early"]

        await eventually(both_done, seconds=20)


async def test_garbage_is_buried_at_once_and_its_neighbours_flow(broker: TestBroker, db: Database) -> None:
    garbage: list[tuple[str | None, bytes]] = [
        ("points_used.v1", b"{not json"),
        ("points_used.v1", b"[]"),
        ("points_used.v1", b"{}"),
        ("points_used.v1", b"\xff\xfe\x00"),
        ("points_used.v99", b"{}"),
        (None, b""),
        ("points_used.v1", b"[" * 10_000),
        ("points_used.v1", b'{"points": NaN}'),
    ]
    async with running(broker, db, consumers):
        await purge(broker, QUEUE, f"{QUEUE}.dead")
        connection = await aiormq.connect(broker.amqp_url)
        channel = await connection.channel()
        for kind, body in garbage:
            await channel.basic_publish(
                body,
                exchange="members.events",
                routing_key="points_used.v1",
                properties=Basic.Properties(message_type=kind, message_id=str(new_id())),
            )
        await connection.close()
        await say(db, "after")

        async def neighbour_done() -> None:
            assert await effects(db) == ["after"]

        await eventually(neighbour_done)
    letters = await read_queue(broker, f"{QUEUE}.dead")
    reasons = [(letter.header.properties.headers or {})["reason"] for letter in letters]
    assert reasons == [
        "unknown_version" if kind == "points_used.v99" else "undecodable" for kind, _ in garbage
    ]


@pytest.mark.feature("OPS-07")
class Killed(BaseException):
    """The process is gone."""


deadly = Consumers("members")


@deadly.on(PointsUsed)
async def die_of_points(events: list[PointsUsed], tx: Tx) -> None:
    """Note all at once, unless one of them ends the process."""
    for event in events:
        if event.order_code == "killer":
            raise Killed
        await tx.execute("INSERT INTO effects (what) VALUES (:what)", what=event.order_code)


async def one_life(broker: TestBroker, db: Database, is_over: Callable[[], Awaitable[bool]]) -> None:
    """Run a worker until it has died, or until all ``is_over``."""
    link, publisher = Link(broker.amqp_url, "test.life"), Publisher(broker.amqp_url, "test.worker")
    worker = worker_of(deadly.all[0], db, Intake(link, publisher, prefetch=200, idle_seconds=0.05))
    task = asyncio.create_task(worker.run())

    async def ended() -> None:
        assert task.done() or await is_over()

    try:
        await eventually(ended, seconds=30)
    finally:
        worker.stop()
        await asyncio.wait((task,))
        task.exception()
        await link.drop()
        await publisher.close()


async def test_of_ten_messages_only_the_one_that_kills_is_dead(broker: TestBroker, db: Database) -> None:
    queue = "members.die_of_points"
    await declare_all(broker, deadly)
    await purge(broker, queue, f"{queue}.dead")
    good = [f"N-{n}" for n in range(9)]
    events = [used(code) for code in ["killer", *good]]
    async with await aiormq.connect(broker.amqp_url) as connection:
        channel = await connection.channel()
        for event in events:
            await channel.basic_publish(
                event.model_dump_json().encode(),
                routing_key=queue,
                properties=event_properties(
                    event_id=str(event.event_id),
                    type_=event.type,
                    correlation=event.correlation,
                    occurred_at=event.occurred_at,
                    app_id="members",
                    headers={},
                ),
            )

    dead: list[DeliveredMessage] = []

    async def all_is_over() -> bool:
        dead.extend(await read_queue(broker, f"{queue}.dead"))
        return bool(dead) and sorted(await effects(db)) == good

    for _ in range(DELIVERY_LIMIT + 2):
        await one_life(broker, db, all_is_over)

    assert sorted(await effects(db)) == good
    assert await all_is_over()
    assert [letter.header.properties.message_id for letter in dead] == [str(events[0].event_id)]


async def test_a_broker_killed_under_load_costs_nothing(broker: TestBroker, db: Database) -> None:
    codes = [f"K-{n}" for n in range(400)]
    async with running(broker, db, consumers) as tasks:
        await purge(broker, QUEUE, f"{QUEUE}.dead")
        for code in codes[:200]:
            await say(db, code)
        await asyncio.to_thread(broker.kill)
        for code in codes[200:]:
            await say(db, code)
        await asyncio.to_thread(broker.start)

        async def all_there() -> None:
            assert sorted(await effects(db)) == sorted(codes)

        await eventually(all_there, seconds=120)
        assert not any(task.done() for task in tasks)
    assert len(await said(db)) == len(codes)
