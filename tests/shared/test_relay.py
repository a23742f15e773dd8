"""The relay: whoever wrote the row, whatever broke meanwhile, the event goes out and is marked after that."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text

from harness.eventually import eventually
from harness.rabbitmq import TestBroker
from harness.running import declare_all, purge, running
from shared.database.outbox import LEASE_SECONDS, outbox_table
from shared.database.transactions import Database, Tx
from shared.database.transient import is_transient
from shared.events import MailSent, PointsUsed
from shared.ids import new_id
from shared.messaging.amqp import Publisher
from shared.messaging.consumers import Consumers
from shared.messaging.inbox import inbox_table
from shared.messaging.relay import Relay

pytestmark = pytest.mark.broker

metadata = MetaData()
outbox_table(metadata)
inbox_table(metadata)
Table("effects", metadata, Column("id", Integer, primary_key=True, autoincrement=True), Column("what", Text))

consumers = Consumers("members")
QUEUE = "members.note_use"


@consumers.on(PointsUsed)
async def note_use(event: PointsUsed, tx: Tx) -> None:
    """Note the order."""
    await tx.execute("INSERT INTO effects (what) VALUES (:what)", what=event.order_code)


@pytest.fixture
async def db(make_db: Any) -> Database:
    """Outbox, inbox and effects."""
    made: Database = await make_db("members", metadata)
    return made


def used(code: str) -> PointsUsed:
    """Points used on the order ``code``."""
    return PointsUsed(member_id=new_id(), points=1, order_code=code)


async def effects(db: Database) -> list[str]:
    """What was heard."""
    async with db.transaction() as tx:
        return [row.what for row in await tx.rows("SELECT what FROM effects ORDER BY id")]


async def unsent(db: Database) -> int:
    """How many events wait."""
    async with db.transaction() as tx:
        return int(await tx.value("SELECT count(*) FROM outbox WHERE published_at IS NULL"))


async def test_an_event_that_another_process_wrote_is_relayed(broker: TestBroker, db: Database) -> None:
    address = db.url
    other = Database(address, service="members")
    async with running(broker, db, consumers):
        await purge(broker, QUEUE)
        async with other.transaction() as tx:
            tx.say(used("from elsewhere"))

        async def heard() -> None:
            assert await effects(db) == ["from elsewhere"]
            assert await unsent(db) == 0

        await eventually(heard)
    await other.close()


async def test_an_event_that_no_queue_takes_stays_unsent(broker: TestBroker, db: Database) -> None:
    await declare_all(broker, Consumers("members"))
    publisher = Publisher(broker.amqp_url, "test.relay")
    relay = Relay(db, publisher)
    task = asyncio.create_task(relay.run())
    async with db.transaction() as tx:
        tx.say(MailSent(mail_id=new_id(), mail="nobody_hears_this", subject="x"))

    async def seen_and_kept() -> None:
        assert relay.oldest_unsent_seconds > 0
        assert await unsent(db) == 1

    await eventually(seen_and_kept)
    assert not task.done()
    relay.stop()
    await task
    await publisher.close()


async def surely(unit: Callable[[], Awaitable[int]]) -> int:
    """Run ``unit`` again while the database's connections are being lost, as every caller has to."""
    for _ in range(20):
        try:
            return await unit()
        except Exception as error:
            if not is_transient(error):
                raise
    raise AssertionError("the database stayed away")


async def say_once(db: Database, code: str) -> int:
    """Say the event unless an earlier try, whose answer was lost, already did."""
    async with db.transaction() as tx:
        if await tx.value("SELECT 1 FROM outbox WHERE correlation = :code", code=code):
            return 0
        tx.say(used(code))
    return 1


async def kill_connections(db: Database) -> int:
    """End every other connection to the database; return how many."""
    async with db.transaction() as tx:
        ended = await tx.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    return len(ended)


async def test_losing_every_database_connection_loses_no_event(broker: TestBroker, db: Database) -> None:
    codes = [f"D-{n}" for n in range(300)]
    async with running(broker, db, consumers, prefetch=10) as tasks:
        await purge(broker, QUEUE)
        killed = 0
        for code in codes:
            await surely(partial(say_once, db, code))
            if code in {"D-100", "D-200"}:
                killed += await surely(partial(kill_connections, db))

        async def all_there() -> None:
            assert sorted(await effects(db)) == sorted(codes)
            assert await unsent(db) == 0

        await eventually(all_there, seconds=120)
        assert not any(task.done() for task in tasks)
    assert killed > 0


async def test_a_slow_claim_does_not_starve_rows_handed_over(broker: TestBroker, db: Database) -> None:
    await declare_all(broker, consumers)
    await purge(broker, QUEUE)
    publisher = Publisher(broker.amqp_url, "test.relay")
    relay = Relay(db, publisher, look_every_seconds=0.0001)
    db.relay = relay
    running_relay = asyncio.create_task(relay.run())

    async def says(code: str, *, seconds: float) -> None:
        async with db.transaction() as tx:
            tx.say(used(code))

        async def sent() -> None:
            assert await unsent(db) == 0

        await eventually(sent, seconds=seconds)

    try:
        await says("first, which opens the connection", seconds=60)
        await says("second", seconds=LEASE_SECONDS - 1)
    finally:
        relay.stop()
        await running_relay
        await publisher.close()
    await purge(broker, QUEUE)
