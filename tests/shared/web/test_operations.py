"""A service says how it stands: what is unsent, what is late, and what lies among the dead letters."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pamqp.commands import Basic
from sqlalchemy import Column, Integer, MetaData, Table

from harness.counted import counted
from harness.postgres import MakeDatabase
from harness.rabbitmq import TestBroker
from harness.running import declare_all, purge
from shared.clock import now
from shared.database.outbox import outbox_table
from shared.database.transactions import Database, Tx
from shared.due.rows import due_columns
from shared.due.work import DueWork
from shared.events import PointsUsed
from shared.ids import new_id
from shared.messaging.amqp import Link
from shared.messaging.consumers import Consumers
from shared.messaging.inbox import inbox_table
from shared.messaging.topology import RETRY_STEPS_SECONDS
from shared.process.health import Health
from shared.web.operations import Operations

metadata = MetaData()
outbox_table(metadata)
inbox_table(metadata)
jobs = Table("jobs", metadata, Column("job", Integer, primary_key=True), *due_columns())


async def nothing(_: Any) -> None:
    """Nobody does the work here."""


async def test_unsent_and_late_are_counted_without_a_broker(make_db: MakeDatabase) -> None:
    db = await make_db("members", metadata)
    async with db.transaction() as tx:
        tx.say(PointsUsed(member_id=new_id(), points=1, order_code="N1"))
        for job, minutes in ((1, 30), (2, 3), (3, 0), (4, -30)):
            due_at = now() - timedelta(minutes=minutes)
            await tx.execute("INSERT INTO jobs (job, due_at) VALUES (:job, :due_at)", job=job, due_at=due_at)
        await tx.execute("INSERT INTO jobs (job) VALUES (5)")
    operations = Operations(
        "members",
        db,
        amqp_url="amqp://nobody@127.0.0.1:1/",
        queues=["members.end_sessions"],
        due_work=[DueWork("jobs", jobs, nothing)],
    )

    health = await operations.health()

    assert (health.unsent, health.late, health.dead_letters) == (1, {"jobs": 2}, None)


async def test_an_old_unsent_event_shows_without_a_relay(make_db: MakeDatabase) -> None:
    db = await make_db("members", metadata)
    async with db.transaction() as tx:
        tx.say(PointsUsed(member_id=new_id(), points=1, order_code="N1"))
    async with db.transaction() as tx:
        await tx.execute("UPDATE outbox SET created_at = now() - interval '90 seconds'")

    async def figures(_: Tx) -> dict[str, int]:
        return {"left_lying": 3}

    operations = Operations("members", db, amqp_url="amqp://unused", queues=(), figures=figures)
    health = Health()
    health.measure(operations.measure)
    app = FastAPI()
    app.include_router(health.router())
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://members.test")
    scraped = (await client.get("/metrics")).text

    assert counted("noren_outbox_oldest_unsent_seconds") == pytest.approx(90, abs=30)
    assert 'noren_operations_items{figure="left_lying"} 3.0' in scraped
    assert (await operations.health()).unsent_seconds == pytest.approx(90, abs=30)


async def test_what_the_database_does_not_tell_is_no_number(make_db: MakeDatabase) -> None:
    db = await make_db("members", metadata)
    away = Database("postgresql+asyncpg://nobody@127.0.0.1:1/members", service="members", shop="noren")
    await Operations("members", db, amqp_url="amqp://unused", queues=()).measure()
    assert counted("noren_outbox_oldest_unsent_seconds") == 0

    await Operations("members", away, amqp_url="amqp://unused", queues=()).measure()

    assert math.isnan(counted("noren_outbox_oldest_unsent_seconds"))


@pytest.mark.broker
async def test_dead_lost_and_waiting_messages_are_counted(make_db: MakeDatabase, broker: TestBroker) -> None:
    db = await make_db("members", metadata)
    link = Link(broker.amqp_url, "test")
    channel = await link.channel(confirms=True)
    consumers = Consumers("members")
    await declare_all(broker, consumers)
    await purge(
        broker, *(f"members.waiting.{seconds}s" for seconds in RETRY_STEPS_SECONDS), "members.lost.dead"
    )
    for queue in ("members.full", "members.empty"):
        await channel.queue_declare(f"{queue}.dead", durable=True)
        await channel.queue_purge(f"{queue}.dead")
    for _ in range(3):
        await channel.basic_publish(b"{}", exchange="", routing_key="members.full.dead")
    queues = ["members.full", "members.empty"]
    failed_at = (datetime.now(UTC) - timedelta(seconds=1000)).isoformat()
    for _ in range(2):
        await channel.basic_publish(
            b"{}",
            exchange="members.retry.600s",
            routing_key="members.full",
            properties=Basic.Properties(headers={"last_failed_at": failed_at}),
        )
    await channel.basic_publish(b"{}", exchange="members.lost", routing_key="members.gone")

    operations = Operations("members", db, amqp_url=broker.amqp_url, queues=queues)
    await operations.health()
    health = await operations.health()

    assert health.dead_letters == {"members.full": 3, "members.lost": 1}
    assert (health.waiting, 400 <= health.overdue_seconds < 500) == (2, True)
    await purge(broker, "members.waiting.600s", "members.lost.dead")
    for queue in queues:
        await channel.queue_delete(f"{queue}.dead")
    await link.drop()
