"""Messages as the broker has them, taken from the tap and sent by the broker's administrator."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import aiormq
from aiormq.abc import AbstractChannel, DeliveredMessage
from pamqp.commands import Basic

from proof.broker import TAP
from shared.ids import new_id

QUIET_SECONDS = 1.0
TAKEN_MAX = 400
RECENT = timedelta(seconds=60)


@dataclass(frozen=True)
class Letter:
    """A message: where it is published, and what it says."""

    exchange: str
    routing_key: str
    body: bytes
    properties: Basic.Properties

    @property
    def type(self) -> str:
        """The type of the event."""
        return self.properties.message_type or ""

    def to_queue(self, queue: str) -> "Letter":
        """Return the same for one queue alone; the tap does not see it."""
        return replace(self, exchange="", routing_key=queue)


def forged(body: bytes, *, type_: str, queue: str) -> Letter:
    """Return a message of our own for one queue, with an id that nobody said."""
    at = datetime.now(UTC)
    properties = Basic.Properties(
        content_type="application/json",
        delivery_mode=2,
        message_id=str(new_id()),
        message_type=type_,
        timestamp=at,
        headers={"occurred_at": at.isoformat()},
    )
    return Letter("", queue, body, properties)


@asynccontextmanager
async def channel(amqp_url: str) -> AsyncIterator[AbstractChannel]:
    """Open a channel of the administrator, with confirms."""
    async with await aiormq.connect(amqp_url) as connection:
        yield await connection.channel(publisher_confirms=True)


async def send(amqp_url: str, letters: Sequence[Letter]) -> int:
    """Publish all at once; return how many the broker confirmed."""
    async with channel(amqp_url) as ours:
        answers = await asyncio.gather(*(publish(ours, one) for one in letters))
    return sum(isinstance(answer, Basic.Ack) for answer in answers)


async def publish(ours: AbstractChannel, letter: Letter) -> object:
    """Publish one message; return the broker's answer."""
    return await ours.basic_publish(
        letter.body,
        exchange=letter.exchange,
        routing_key=letter.routing_key,
        properties=letter.properties,
        mandatory=True,
        timeout=20,
    )


async def recent(amqp_url: str) -> list[Letter]:
    """Return the events of about the last minute, oldest first, as the tap has them."""
    found: list[Letter] = []
    arrived = asyncio.Event()
    async with channel(amqp_url) as ours:

        async def take(message: DeliveredMessage) -> None:
            found.append(_letter(message))
            await ours.basic_ack(message.delivery_tag or 0)
            arrived.set()

        await ours.basic_qos(prefetch_count=100)
        await ours.basic_consume(TAP, take, arguments={"x-stream-offset": datetime.now(UTC) - RECENT})
        while len(found) < TAKEN_MAX:
            arrived.clear()
            try:
                async with asyncio.timeout(QUIET_SECONDS):
                    await arrived.wait()
            except TimeoutError:
                break
    return found


async def take_all(ours: AbstractChannel, queue: str) -> list[tuple[int, Letter]]:
    """Get all messages of a queue, not yet acknowledged: (delivery tag, message)."""
    found: list[tuple[int, Letter]] = []
    while True:
        message = await ours.basic_get(queue)
        if not isinstance(message.delivery, Basic.GetOk):
            return found
        found.append((message.delivery_tag or 0, _letter(message)))


def _letter(message: DeliveredMessage) -> Letter:
    properties = message.header.properties
    return Letter(message.exchange or "", message.routing_key or "", bytes(message.body), properties)
