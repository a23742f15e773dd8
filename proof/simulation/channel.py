"""A process's connection to the simulated broker, and the part of aiormq's channel that the core uses."""

import asyncio
import contextvars
from typing import TYPE_CHECKING, Any, NoReturn, cast

from aiormq.abc import AbstractChannel, DeliveredMessage
from pamqp.commands import Basic, Queue
from pamqp.header import ContentHeader

from proof.simulation.messages import Message, Subscription, Take
from shared.messaging.amqp import Link

if TYPE_CHECKING:
    from proof.simulation.broker import Broker


class SimulatedLink(Link):
    """One process's connection to the simulated broker."""

    def __init__(self, broker: "Broker", name: str) -> None:
        self.broker = broker
        self.name = name
        self.channels: list[Channel] = []

    async def channel(self, *, confirms: bool) -> AbstractChannel:
        """Open a channel. Raises ConnectionError while the broker is down."""
        await asyncio.sleep(self.broker.chance.moment() / 4)
        if not self.broker.is_up:
            raise ConnectionRefusedError("the broker is down")
        opened = Channel(self)
        self.channels.append(opened)
        return cast("AbstractChannel", opened)

    async def drop(self) -> None:
        """Close the connection."""
        self.cut()

    def cut(self) -> None:
        """End all channels at once, as a lost connection does."""
        channels, self.channels = self.channels, []
        for channel in channels:
            channel.end()


class Channel:
    """The part of aiormq's channel that the core uses."""

    def __init__(self, link: SimulatedLink) -> None:
        self.name = link.name
        self.is_closed = False
        self.consumers: dict[str, Subscription] = {}
        self._link = link
        self._broker = link.broker
        self._tags = 0
        self._ended: asyncio.Future[None] = self._broker.loop.create_future()

    async def basic_qos(self, *, prefetch_count: int) -> None:
        """Nothing is limited: a run has few messages."""

    async def basic_consume(self, queue: str, take: Take) -> Basic.ConsumeOk:
        """Begin to consume."""
        self._check()
        tag = f"ctag{len(self.consumers)}"
        self.consumers[tag] = Subscription(self, queue, take, contextvars.copy_context())
        self._broker.subscribe(self.consumers[tag])
        return Basic.ConsumeOk(consumer_tag=tag)

    async def queue_declare(self, queue: str, *, passive: bool, timeout: float) -> Queue.DeclareOk:
        """Tell how a queue is."""
        self._check()
        return Queue.DeclareOk(queue=queue, message_count=0, consumer_count=self._broker.consumers_of(queue))

    async def basic_ack(self, delivery_tag: int, *, multiple: bool = False) -> None:
        """Acknowledge. It may be lost on the way, with the connection."""
        self._check()
        chance = self._broker.chance
        if chance.happens(chance.dangers.cut, "acknowledgement lost"):
            self._link.cut()
            return
        for subscription in self.consumers.values():
            acked = [
                tag
                for tag in subscription.unacked
                if tag == delivery_tag or (multiple and tag <= delivery_tag)
            ]
            for tag in acked:
                del subscription.unacked[tag]

    async def basic_publish(
        self,
        body: bytes,
        *,
        exchange: str,
        routing_key: str,
        properties: Basic.Properties,
        mandatory: bool,
        timeout: float,
    ) -> Basic.Ack | None:
        """Publish and wait for the confirm; None if the broker gave the message back."""
        self._check()
        broker, chance = self._broker, self._broker.chance
        message = Message(body, properties)
        broken = chance.happens(chance.dangers.publish)
        if broken and chance.happens(0.4, "publish lost"):
            await self._lose(timeout)
        arrival = broker.loop.create_future()
        broker.moving += 1
        broker.loop.call_later(chance.moment() / 2, self._reach, exchange, routing_key, message, arrival)
        if broken:
            chance.sometimes("confirm lost")
            await self._lose(timeout)
        await asyncio.wait((arrival, self._ended), return_when=asyncio.FIRST_COMPLETED)
        if not arrival.done():
            # What a dying connection does to whoever waits for it (hazard 1).
            raise asyncio.CancelledError
        await asyncio.sleep(chance.moment() / 4)
        self._check()
        return Basic.Ack() if arrival.result() else None

    def _reach(self, exchange: str, key: str, message: Message, arrival: "asyncio.Future[bool]") -> None:
        self._broker.moving -= 1
        if not self._broker.is_up:
            self._link.cut()
            return
        routed = self._broker.route(exchange, key, message)
        if not arrival.done():
            arrival.set_result(routed)

    async def _lose(self, timeout: float) -> NoReturn:
        if self._broker.chance.happens(0.5):
            await asyncio.sleep(timeout)
            raise TimeoutError
        self._link.cut()
        raise asyncio.CancelledError

    async def close(self) -> None:
        """Close."""
        self.end()

    def end(self) -> None:
        """End at once; what was not acknowledged comes back."""
        if self.is_closed:
            return
        self.is_closed = True
        self._ended.set_result(None)
        for subscription in self.consumers.values():
            self._broker.end_subscription(subscription)

    def deliver(self, subscription: Subscription, message: Message) -> None:
        """Give a message to the process."""
        self._tags += 1
        subscription.unacked[self._tags] = message
        deliver = Basic.Deliver(delivery_tag=self._tags, redelivered=message.redelivered)
        header = ContentHeader(0, len(message.body), message.properties)
        channel: Any = self
        delivered = DeliveredMessage(deliver, header, message.body, channel)
        coroutine = cast("Any", subscription.take(delivered))
        self._broker.loop.create_task(coroutine, context=subscription.context)

    def _check(self) -> None:
        if self.is_closed:
            raise ConnectionResetError("the channel is closed")
