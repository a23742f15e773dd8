"""Relay and consumers of a small service of the test's own, on a real broker."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiormq
from aiormq.abc import DeliveredMessage
from faststream import BaseMiddleware

from harness.rabbitmq import TestBroker
from shared.database.transactions import Database
from shared.messaging.amqp import Link, Publisher
from shared.messaging.consumers import Consumer, Consumers
from shared.messaging.relay import Relay
from shared.messaging.stream import stream
from shared.messaging.topology import declare
from shared.messaging.worker import PAUSE_SECONDS_MAX, Intake, Worker


async def declare_all(broker: TestBroker, consumers: Consumers) -> None:
    """Declare the topology of ``consumers``."""
    await declare(broker.amqp_url, consumers.service, consumers.all)


def worker_of(consumer: Consumer, db: Database, intake: Intake, *middlewares: type[BaseMiddleware]) -> Worker:
    """Return the worker of ``consumer``, on a FastStream broker of its own."""
    consumers = Consumers(consumer.service)
    consumers.all.append(consumer)
    broker = stream("amqp://nowhere", consumers, db, None, intake)
    for middleware in middlewares:
        broker.add_middleware(middleware)
    [worker] = broker.workers
    return worker


@asynccontextmanager
async def running(
    broker: TestBroker,
    db: Database,
    consumers: Consumers,
    *,
    resources: Mapping[type[Any], Any] | None = None,
    prefetch: int = 200,
    pause_seconds_max: float = PAUSE_SECONDS_MAX,
) -> AsyncIterator[list[asyncio.Task[None]]]:
    """Run the relay of ``db`` and a worker for each consumer; yield their tasks."""
    await declare_all(broker, consumers)
    relay_publisher = Publisher(broker.amqp_url, "test.relay")
    publisher, link = Publisher(broker.amqp_url, "test.worker"), Link(broker.amqp_url, "test.consume")
    relay = Relay(db, relay_publisher)
    db.relay = relay
    intake = Intake(link, publisher, prefetch=prefetch, pause_seconds_max=pause_seconds_max)
    hearing = stream(broker.amqp_url, consumers, db, resources, intake)
    await hearing.start()
    tasks = [asyncio.create_task(relay.run()), *(worker.task for worker in hearing.workers if worker.task)]
    try:
        yield tasks
    finally:
        relay.stop()
        async with asyncio.timeout(10):
            await hearing.stop()
        await asyncio.wait(tasks, timeout=10)
        for task in tasks:
            task.cancel()
        db.relay = None
        await relay_publisher.close()
        await publisher.close()
        await link.drop()


async def read_queue(broker: TestBroker, queue: str) -> list[DeliveredMessage]:
    """Take everything that rests in ``queue``."""
    connection = await aiormq.connect(broker.amqp_url)
    try:
        channel = await connection.channel()
        taken: list[DeliveredMessage] = []
        while True:
            message = await channel.basic_get(queue, no_ack=True)
            if not message.delivery_tag:
                return taken
            taken.append(message)
    finally:
        await connection.close()


async def purge(broker: TestBroker, *queues: str) -> None:
    """Empty ``queues``, left over from an earlier test."""
    connection = await aiormq.connect(broker.amqp_url)
    try:
        channel = await connection.channel()
        for queue in queues:
            await channel.queue_purge(queue)
    finally:
        await connection.close()
