"""A tap of all published events: a stream bound to every exchange of events.

Reading a stream takes nothing away, so that a demo may lay the tap and a checker of another process read it.
On a cluster it is a quorum queue instead, read without acknowledging: publishers to RabbitMQ 3.10's streams lose
their channel while a stream's leader is cut off, and it is the services' own queues that are to be tested.
With a tap laid, the broker returns no event as unroutable: lay it where that is not what is tested.
"""

import asyncio
from dataclasses import dataclass

import aiormq
from aiormq.abc import AbstractChannel, DeliveredMessage
from pamqp.common import FieldValue

EXCHANGES = tuple(f"{name}.events" for name in ("checkout", "payments", "members", "notifications"))
KEPT_BYTES_MAX = 500_000_000
QUIET_SECONDS = 1.0
IN_FLIGHT = 500


@dataclass(frozen=True)
class Tapped:
    """One event as the broker saw it; the same id comes twice where it was published twice."""

    service: str
    event_id: str
    type: str


class Tap:
    """The stream, or the queue where ``kind`` says so, and what has flowed into it."""

    def __init__(self, amqp_url: str, name: str, kind: str = "stream") -> None:
        self._url = amqp_url
        self.name = name
        self.kind = kind

    async def lay(self) -> None:
        """Declare the stream and bind it. Events said before this are not seen."""
        async with await aiormq.connect(self._url) as connection:
            channel = await connection.channel()
            arguments: dict[str, FieldValue] = {"x-queue-type": self.kind}
            if self.kind == "stream":
                arguments["x-max-length-bytes"] = KEPT_BYTES_MAX
            await channel.queue_declare(self.name, durable=True, arguments=arguments)
            for exchange in EXCHANGES:
                await channel.queue_bind(self.name, exchange, routing_key="#")

    async def remove(self) -> None:
        """Remove the stream and what it holds."""
        async with await aiormq.connect(self._url) as connection:
            channel = await connection.channel()
            await channel.queue_delete(self.name)

    async def read(self) -> list[Tapped]:
        """Return all that has flowed since the tap was laid, oldest first; [] where there is no tap."""
        async with await aiormq.connect(self._url) as connection:
            channel = await connection.channel()
            try:
                await channel.queue_declare(self.name, passive=True)
            except aiormq.exceptions.ChannelNotFoundEntity:
                return []
            return await _read(await connection.channel(), self.name, streams=self.kind == "stream")


async def _read(channel: AbstractChannel, name: str, *, streams: bool) -> list[Tapped]:
    found: list[Tapped] = []
    arrived = asyncio.Event()

    async def take(message: DeliveredMessage) -> None:
        properties = message.header.properties
        found.append(
            Tapped(
                (message.exchange or "").removesuffix(".events"),
                properties.message_id or "",
                message.routing_key or "",
            )
        )
        if streams:
            await channel.basic_ack(message.delivery_tag or 0)
        arrived.set()

    # What a queue gives and is not acknowledged goes back when the connection ends.
    await channel.basic_qos(prefetch_count=IN_FLIGHT if streams else 0)
    await channel.basic_consume(name, take, arguments={"x-stream-offset": "first"} if streams else {})
    while True:
        arrived.clear()
        try:
            async with asyncio.timeout(QUIET_SECONDS):
                await arrived.wait()
        except TimeoutError:
            return found
