"""A worker with its queue and database, whose function fails as the order code says."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

from faststream import BaseMiddleware
from sqlalchemy import Column, Integer, MetaData, Table, Text
from structlog.testing import capture_logs

from harness.eventually import eventually
from harness.running import worker_of
from shared.database.outbox import outbox_table
from shared.database.transactions import Database, Tx
from shared.errors import Refused, TryAgain
from shared.events import PointsActivated, PointsUsed
from shared.ids import new_id
from shared.messaging.amqp import Link, Publisher
from shared.messaging.consumers import Consumer, Consumers
from shared.messaging.inbox import inbox_table
from shared.messaging.worker import Intake, Worker
from tests.shared.memory_broker import Channel, Line, Post, delivery, stopped

metadata = MetaData()
outbox_table(metadata)
inbox_table(metadata)
Table("effects", metadata, Column("id", Integer, primary_key=True, autoincrement=True), Column("what", Text))

consumers = Consumers("members")
STOPS: list[Worker] = []
ERRORS = {"refused": Refused("no", "できません"), "early": TryAgain("not yet"), "bug": ZeroDivisionError()}


@consumers.on(PointsUsed)
async def try_points(events: list[PointsUsed], tx: Tx) -> None:
    """Note all and, for some, fail."""
    for event in events:
        await tx.execute("INSERT INTO effects (what) VALUES (:what)", what=event.order_code)
        if event.order_code == "stop":
            STOPS.pop().stop()
        if event.order_code in ERRORS:
            raise ERRORS[event.order_code]


answering = Consumers("members")


@answering.on(PointsUsed)
async def answer_points(event: PointsUsed, tx: Tx) -> PointsActivated:
    """Answer each."""
    return PointsActivated(member_id=event.member_id, points=1, order_code=event.order_code)


def used(code: str) -> PointsUsed:
    """Points used on the order ``code``."""
    return PointsUsed(member_id=new_id(), points=1, order_code=code)


class Desk:
    """A worker at its queue, and what it did."""

    def __init__(
        self, db: Database, line: Line, post: Post, consumer: Consumer, *middlewares: type[BaseMiddleware]
    ) -> None:
        self.db, self.line, self.post, self.queue = db, line, post, consumer.queue
        publisher = cast(Publisher, post)
        intake = Intake(cast(Link, line), publisher, prefetch=10, idle_seconds=0.02)
        self.worker = worker_of(consumer, db, intake, *middlewares)
        self.tags = 0

    @property
    def channel(self) -> Channel:
        """Return the channel in use."""
        return self.line.used[-1]

    async def brings(self, *codes: str) -> None:
        """Let the broker bring messages, all at once."""
        for code in codes:
            await self.brings_event(PointsUsed(member_id=new_id(), points=1, order_code=code))

    async def brings_event(
        self, event: PointsUsed, *, told: dict[str, Any] | None = None, **changes: Any
    ) -> None:
        """Let the broker bring an event, or what else stands in its place; ``told`` are more headers."""
        self.tags += 1
        message = delivery(self.tags, event)
        message.header.properties.headers |= told or {}
        for name, value in changes.items():
            setattr(message, name, value)
        await self.channel.consumers[self.queue](message)

    async def acknowledged(self) -> None:
        """Wait until all that was brought is acknowledged."""
        await eventually(lambda: self.channel.acknowledged[-1:] == [(self.tags, True)])

    async def effects(self) -> list[str]:
        """Return what was done and committed."""
        async with self.db.transaction() as tx:
            return [row.what for row in await tx.rows("SELECT what FROM effects ORDER BY id")]

    async def heard(self) -> int:
        """Return how many events the inbox has."""
        async with self.db.transaction() as tx:
            return int(await tx.value("SELECT count(*) FROM inbox WHERE consumer = 'members.try_points'"))


@asynccontextmanager
async def at_work(
    db: Database,
    *channels: Channel,
    post: Post | None = None,
    consumer: Consumer = consumers.all[0],
    middlewares: Sequence[type[BaseMiddleware]] = (),
) -> AsyncIterator[Desk]:
    """Let a worker consume; its log stays unwritten, for to print a traceback takes longer than all else."""
    desk = Desk(db, Line(*channels), post or Post(), consumer, *middlewares)
    with capture_logs():
        task = asyncio.create_task(desk.worker.run())
        await eventually(lambda: desk.worker.consuming_at is not None)
        try:
            yield desk
        finally:
            await stopped(desk.worker, task)
