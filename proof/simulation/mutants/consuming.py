"""Workers with a bug. They are one-message-at-a-time versions of the real one, right but for one thing."""

import asyncio
from collections.abc import Mapping
from typing import Any

from aiormq.abc import AbstractChannel, DeliveredMessage

from proof.simulation.nodes import Node
from proof.simulation.parts import IDLE_SECONDS
from shared.database.transactions import Database
from shared.database.transient import is_transient
from shared.errors import Refused, TryAgain
from shared.events import Event
from shared.messaging.amqp import BrokerError, BrokerUnavailable, Link, Publisher
from shared.messaging.consumers import Consumer
from shared.messaging.heard import Heard
from shared.messaging.inbox import forget_heard, insert_inbox
from shared.messaging.retries import put_off

PRUNE_EVERY_SECONDS = 1.5


class PlainWorker:
    """A right worker, of which the wrong ones change one step."""

    def __init__(
        self,
        consumer: Consumer,
        db: Database,
        link: Link,
        publisher: Publisher,
        resources: Mapping[type[Any], Any],
    ) -> None:
        self.consumer = consumer
        self.db = db
        self.link = link
        self.publisher = publisher
        self.resources = resources

    async def run(self) -> None:
        """Consume for ever."""
        while True:
            try:
                channel = await self.link.channel(confirms=False)
                try:
                    await self.consume(channel)
                finally:
                    await channel.close()
            except (*BrokerError, BrokerUnavailable):
                await asyncio.sleep(1)

    async def consume(self, channel: AbstractChannel) -> None:
        """Handle what arrives on ``channel`` until it ends."""
        arrived: asyncio.Queue[DeliveredMessage] = asyncio.Queue()
        await channel.basic_consume(self.consumer.queue, arrived.put)
        while not channel.is_closed:
            try:
                async with asyncio.timeout(IDLE_SECONDS):
                    delivery = await arrived.get()
            except TimeoutError:
                await self.look(channel)
                continue
            await self.handle(channel, Heard.decode(delivery, self.consumer.events))

    async def look(self, channel: AbstractChannel) -> None:
        """Ask the broker whether it still knows us."""
        declared = await channel.queue_declare(self.consumer.queue, passive=True, timeout=5)
        if not declared.consumer_count:
            raise ConnectionError("forgotten")

    async def handle(self, channel: AbstractChannel, heard: Heard) -> None:
        """Apply, then acknowledge."""
        await self.to_its_end(heard)
        await channel.basic_ack(heard.tag)

    async def to_its_end(self, heard: Heard) -> None:
        """Bring one message to one of its ends."""
        while True:
            try:
                await self.apply(heard.event)
            except Refused:
                return
            except Exception as error:
                if is_transient(error):
                    await asyncio.sleep(0.5)
                    continue
                await put_off(self.publisher, self.consumer, heard, error)
            return

    async def apply(self, event: Event) -> None:
        """Have the effect once."""
        async with self.db.transaction() as tx:
            if await insert_inbox(tx, self.consumer.queue, [event.event_id]):
                await self.consumer.call([event], tx, self.resources)


class AcksFirst(PlainWorker):
    """Acknowledges before the commit."""

    async def handle(self, channel: AbstractChannel, heard: Heard) -> None:
        """Acknowledge, then apply."""
        await channel.basic_ack(heard.tag)
        await self.to_its_end(heard)


class WorksBehind(PlainWorker):
    """Does the work in a background task of its own and acknowledges meanwhile."""

    async def handle(self, channel: AbstractChannel, heard: Heard) -> None:
        """Acknowledge while the work begins."""
        self._task = asyncio.create_task(self.to_its_end(heard))
        await channel.basic_ack(heard.tag)


class ChecksOutside(PlainWorker):
    """Looks into the inbox in another transaction than that of the effect."""

    async def apply(self, event: Event) -> None:
        """Check, then act."""
        async with self.db.transaction() as tx:
            known = await tx.value(
                "SELECT 1 FROM inbox WHERE consumer = :consumer AND event_id = :id",
                consumer=self.consumer.queue,
                id=event.event_id,
            )
        if known:
            return
        async with self.db.transaction() as tx:
            await self.consumer.call([event], tx, self.resources)
            await insert_inbox(tx, self.consumer.queue, [event.event_id])


class NoInbox(PlainWorker):
    """Remembers nothing."""

    async def apply(self, event: Event) -> None:
        """Have the effect at each delivery."""
        async with self.db.transaction() as tx:
            await insert_inbox(tx, self.consumer.queue, [event.event_id])
            await self.consumer.call([event], tx, self.resources)


class OneInboxForAll(PlainWorker):
    """Takes what another consumer of the service heard for heard."""

    async def apply(self, event: Event) -> None:
        """Look for the event under the name of the service."""
        async with self.db.transaction() as tx:
            if await insert_inbox(tx, self.consumer.service, [event.event_id]):
                await insert_inbox(tx, self.consumer.queue, [event.event_id])
                await self.consumer.call([event], tx, self.resources)


class DropsFailures(PlainWorker):
    """Rejects what fails, and nothing keeps what is rejected."""

    async def to_its_end(self, heard: Heard) -> None:
        """Try once."""
        try:
            await self.apply(heard.event)
        except Exception:
            return


class NeverLooks(PlainWorker):
    """Believes that it is a consumer because it once was."""

    async def look(self, channel: AbstractChannel) -> None:
        """Do not look."""


class LeavesInLimbo(PlainWorker):
    """Has a path that neither acknowledges nor rejects."""

    async def handle(self, channel: AbstractChannel, heard: Heard) -> None:
        """Leave what comes too early."""
        try:
            await self.apply(heard.event)
        except TryAgain:
            return
        except Exception:
            await self.to_its_end(heard)
        await channel.basic_ack(heard.tag)


async def prune_early(node: Node) -> None:
    """Forget what was heard while it may still come again."""
    while True:
        await asyncio.sleep(PRUNE_EVERY_SECONDS)
        try:
            async with node.db.transaction() as tx:
                await forget_heard(tx, days=0)
        except ConnectionError:
            continue
