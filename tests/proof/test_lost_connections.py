"""A connection to the broker that breaks at the worst moment costs a second delivery, and nothing else."""

import asyncio
import copy
import time

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text
from yarl import URL

from harness.eventually import eventually
from harness.postgres import MakeDatabase
from harness.rabbitmq import TestBroker
from harness.running import declare_all, purge, running
from shared.database.outbox import outbox_table
from shared.database.transactions import Tx
from shared.events import PointsUsed
from shared.ids import new_id
from shared.messaging.amqp import Link
from shared.messaging.consumers import Consumers
from shared.messaging.inbox import inbox_table
from tests.proof.doors import proxied

PAUSE_SECONDS_MAX = 20.0
BACK_SECONDS_MAX = 5.0

metadata = MetaData()
outbox_table(metadata)
inbox_table(metadata)
Table("effects", metadata, Column("id", Integer, primary_key=True, autoincrement=True), Column("what", Text))

QUEUE = "members.wait_for_word"


class Word:
    """What the handler waits for."""

    def __init__(self) -> None:
        self.wanted = asyncio.Event()
        self.given = asyncio.Event()


consumers = Consumers("members")


@consumers.on(PointsUsed)
async def wait_for_word(event: PointsUsed, tx: Tx, word: Word) -> None:
    """Note the event, and commit only when the word is given."""
    await tx.execute("INSERT INTO effects (what) VALUES (:what)", what=event.order_code)
    word.wanted.set()
    await word.given.wait()


@pytest.mark.broker
@pytest.mark.feature("OPS-07")
async def test_a_worker_survives_a_connection_cut_in_a_handler(
    broker: TestBroker, make_db: MakeDatabase
) -> None:
    db = await make_db("members", metadata)
    word = Word()
    await declare_all(broker, consumers)
    await purge(broker, QUEUE, f"{QUEUE}.dead")
    address = URL(broker.amqp_url)
    assert address.port is not None
    async with proxied(address.port) as (port, doors):
        behind_door = copy.copy(broker)
        behind_door.amqp_url = str(address.with_port(port))
        async with running(behind_door, db, consumers, resources={Word: word}) as tasks:

            async def say(code: str) -> None:
                async with db.transaction() as tx:
                    tx.say(PointsUsed(member_id=new_id(), points=1, order_code=code))

            await say("first")
            async with asyncio.timeout(60):
                await word.wanted.wait()
            assert await doors.cut("door") > 0
            word.given.set()
            await say("second")

            async def both_once() -> None:
                async with db.transaction() as tx:
                    rows = await tx.rows("SELECT what FROM effects ORDER BY id")
                assert [row.what for row in rows] == ["first", "second"]

            await eventually(both_once, seconds=60)
            assert not any(task.done() for task in tasks)


@pytest.mark.broker
async def test_a_silent_connection_is_given_up(broker: TestBroker) -> None:
    address = URL(broker.amqp_url)
    assert address.port is not None
    async with proxied(address.port) as (port, doors):
        link = Link(str(address.with_port(port)), "test", timeout_seconds=3)
        try:

            async def opens() -> None:
                assert not (await link.channel(confirms=False)).is_closed

            await eventually(opens, seconds=60)
            async with doors.following("door", hold="both"):
                with pytest.raises(TimeoutError):
                    await link.channel(confirms=False)
            connections = (await doors.counts("door"))["connections"]
            await eventually(opens, seconds=60)
            assert (await doors.counts("door"))["connections"] > connections
        finally:
            await link.drop()


@pytest.mark.broker
async def test_after_many_losses_a_worker_is_back_as_soon(broker: TestBroker, make_db: MakeDatabase) -> None:
    db = await make_db("members", metadata)
    word = Word()
    word.given.set()
    await declare_all(broker, consumers)
    await purge(broker, QUEUE, f"{QUEUE}.dead")
    address = URL(broker.amqp_url)
    assert address.port is not None
    async with proxied(address.port) as (port, doors):
        behind_door = copy.copy(broker)
        behind_door.amqp_url = str(address.with_port(port))
        pausing = running(
            behind_door, db, consumers, resources={Word: word}, pause_seconds_max=PAUSE_SECONDS_MAX
        )
        async with pausing:
            heard = 0
            took: list[float] = []

            async def hears_one_more() -> None:
                nonlocal heard
                async with db.transaction() as tx:
                    tx.say(PointsUsed(member_id=new_id(), points=1, order_code=f"N-{heard}"))
                heard += 1

                async def all_there() -> None:
                    async with db.transaction() as tx:
                        assert await tx.value("SELECT count(*) FROM effects") == heard

                await eventually(all_there, seconds=60)

            await hears_one_more()
            for _ in range(9):
                await doors.cut("door")
                began = time.monotonic()
                await hears_one_more()
                took.append(time.monotonic() - began)
    # Pauses that were never reset would be of twenty seconds by now, each time.
    assert min(took[-3:]) < BACK_SECONDS_MAX, took
