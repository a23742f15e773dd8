"""A broker in memory that fails as a test says: it takes, brings and forgets messages."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from types import SimpleNamespace
from typing import Any

from shared.events import PointsUsed
from shared.messaging.amqp import BrokerUnavailable, Outgoing, event_properties
from shared.messaging.worker import Worker


class Post:
    """Takes messages, unless it is closed; ``no_queue`` names order codes that nothing is bound for."""

    def __init__(self) -> None:
        self.open, self.no_queue = True, ""
        self.batches: list[list[str]] = []
        self.messages: list[Outgoing] = []
        self.refusals = 0

    async def publish(self, messages: Sequence[Outgoing]) -> list[bool]:
        """Answer as the publisher does."""
        if not self.open:
            self.refusals += 1
            raise BrokerUnavailable("away")
        self.messages += messages
        self.batches.append([str(message.properties.correlation_id) for message in messages])
        return [message.properties.correlation_id != self.no_queue for message in messages]

    @property
    def taken(self) -> list[str]:
        """Return what came, in its order."""
        return [code for batch in self.batches for code in batch]


class Channel:
    """A channel of a broker that may forget its consumer, die, or close badly."""

    def __init__(self, *, known: int = 1, close: Callable[[], Awaitable[None]] | None = None) -> None:
        self.consumers: dict[str, Any] = {}
        self.is_closed = False
        self.acknowledged: list[tuple[int, bool]] = []
        self._known, self._close = known, close

    async def basic_qos(self, **_: Any) -> None:
        """Take the prefetch."""

    async def basic_consume(self, queue: str, take: Any) -> Any:
        """Name a consumer."""
        self.consumers[queue] = take
        return SimpleNamespace(consumer_tag=queue)

    async def queue_declare(self, queue: str, **_: Any) -> Any:
        """Say how many consumers the broker knows of."""
        return SimpleNamespace(consumer_count=self._known)

    async def basic_ack(self, delivery_tag: int, *, multiple: bool) -> None:
        """Note the acknowledgement."""
        self.acknowledged.append((delivery_tag, multiple))

    async def close(self) -> None:
        """Close, or fail to."""
        if self._close is not None:
            await self._close()


class Line:
    """Hands out channels, each once; an exception in place of one is raised."""

    def __init__(self, *channels: Channel | BaseException) -> None:
        self.left = list(channels)
        self.used: list[Channel] = []

    async def channel(self, *, confirms: bool) -> Channel:
        """Open the next channel."""
        assert not confirms
        found = self.left.pop(0) if self.left else Channel()
        if isinstance(found, BaseException):
            raise found
        self.used.append(found)
        return found


def delivery(tag: int, event: PointsUsed) -> Any:
    """A message as the broker brings it."""
    properties = event_properties(
        event_id=str(event.event_id),
        type_=event.type,
        correlation=event.correlation,
        occurred_at=event.occurred_at,
        app_id="members",
        headers={},
    )
    header = SimpleNamespace(properties=properties)
    return SimpleNamespace(
        body=event.model_dump_json().encode(),
        header=header,
        delivery_tag=tag,
        exchange="members.events",
        routing_key=event.type,
        redelivered=False,
        channel=None,
        consumer_tag=None,
        message_count=None,
    )


async def stopped(worker: Worker, task: "asyncio.Task[None]") -> None:
    """Stop it and wait for its end."""
    worker.stop()
    await asyncio.wait_for(task, 10)
    assert worker.consuming_at is None
