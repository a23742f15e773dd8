"""Connections to the broker: one to publish and one to consume, each reopened after a loss.

aio-pika connects, without its robust mode. A lost connection ends its channels and consumers, and the next user opens a
new one. The client library restores nothing, so a consumer works completely or not at all (decision 0003). Messages go
in and out by aio-pika's underlay channel, that of aiormq.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import aio_pika
import aiormq
import structlog
from aio_pika.abc import AbstractConnection
from aiormq.abc import AbstractChannel, ChannelFrame
from aiormq.channel import Channel
from pamqp.body import ContentBody
from pamqp.commands import Basic
from pamqp.header import ContentHeader
from yarl import URL

from shared.crash import crash_point
from shared.messaging.broker_support import tell_support

log = structlog.get_logger()

HEARTBEAT_SECONDS = 10
PUBLISH_TIMEOUT_SECONDS = 5.0
CONNECT_TIMEOUT_SECONDS = 10.0

# A channel that closed after its message arrived raises ChannelInvalidStateError. It means the same as AMQPError.
BrokerError = (
    aiormq.exceptions.AMQPError,
    aiormq.exceptions.ChannelInvalidStateError,
    ConnectionError,
    OSError,
    TimeoutError,
)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to publish."""

    exchange: str
    routing_key: str
    body: bytes
    properties: Basic.Properties


class BrokerUnavailable(Exception):
    """The broker is unavailable or did not confirm in time. The messages may have arrived."""


def events_exchange(service: str) -> str:
    """Return the name of the exchange on which ``service`` publishes its events."""
    return f"{service}.events"


def cancelled_by_us() -> bool:
    """Return whether the running task itself was cancelled.

    A connection that is lost also cancels the futures that we wait for. Then the CancelledError does not mean that
    somebody cancelled the task.
    """
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _tell_support(connection: AbstractConnection) -> None:
    """Log once if the broker's version is no longer supported."""
    if connection.transport is not None:
        tell_support(str(connection.transport.connection.server_properties.get("version", "")))


class Link:
    """One connection, opened on demand: ``channel`` opens it, ``drop`` closes it."""

    def __init__(self, url: str, name: str, *, timeout_seconds: float = CONNECT_TIMEOUT_SECONDS) -> None:
        self._url = URL(url).update_query(name=name, heartbeat=HEARTBEAT_SECONDS)
        self._timeout_seconds = timeout_seconds
        self._connection: AbstractConnection | None = None
        self._lock = asyncio.Lock()

    async def channel(self, *, confirms: bool) -> AbstractChannel:
        """Open a channel, connecting first if there is no living connection. Raises BrokerError."""
        async with self._lock:
            if self._connection is None or not self._connection.connected.is_set():
                await self.drop()
                self._connection = await self._connect()
            connection = self._connection
        try:
            async with asyncio.timeout(self._timeout_seconds):
                channel = await connection.channel(publisher_confirms=confirms, on_return_raises=False)
                return await channel.get_underlay_channel()
        except TimeoutError:
            # Without this, the connection would hang until its heartbeat ends it, long after the network works again.
            if self._connection is connection:
                await self.drop()
            raise
        except RuntimeError as error:
            # aiormq raises RuntimeError if the connection closed between our check and the call.
            raise ConnectionError(str(error)) from error

    async def _connect(self) -> AbstractConnection:
        try:
            async with asyncio.timeout(self._timeout_seconds):
                connection = await aio_pika.connect(self._url)
        except StopAsyncIteration as error:
            # aiormq raises StopAsyncIteration if the other side hangs up before its greeting, as a balancer without a
            # node behind it does.
            raise ConnectionError("hung up before the greeting") from error
        _tell_support(connection)
        return connection

    async def drop(self) -> None:
        """Close the connection in any state."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            async with asyncio.timeout(2):
                await connection.close()
        except BrokerError as error:
            log.debug("broker.close_failed", error=type(error).__name__)
        except asyncio.CancelledError:
            if cancelled_by_us():
                raise


class Publisher:
    """Publishes with confirms, many messages in flight. One per process; safe to share between tasks.

    ``link``, if given, replaces the connection to ``url``.
    """

    def __init__(self, url: str, name: str, *, link: Link | None = None) -> None:
        self._link = link or Link(url, f"{name}.publish")
        self._channel: AbstractChannel | None = None
        self._opening = asyncio.Lock()

    async def publish(self, messages: Sequence[Outgoing]) -> list[bool]:
        """Publish ``messages``; return for each whether a queue took it.

        False means that the broker returned the message, because no queue is bound. Raises BrokerUnavailable if a
        confirm did not come in time; the messages may have arrived or not, so publish the same ids again.
        """
        try:
            channel = await self._open()
            async with asyncio.timeout(PUBLISH_TIMEOUT_SECONDS):
                pending = await self._send(channel, messages)
                crash_point("K4")
                answers = await asyncio.gather(*pending, return_exceptions=True)
        except BrokerError as error:
            await self._give_up()
            raise BrokerUnavailable(type(error).__name__) from error
        except asyncio.CancelledError as error:
            if cancelled_by_us():
                raise
            await self._give_up()
            raise BrokerUnavailable("connection lost") from error
        failed = [answer for answer in answers if isinstance(answer, BaseException)]
        if failed:
            await self._give_up()
            raise BrokerUnavailable(type(failed[0]).__name__) from failed[0]
        return [isinstance(answer, Basic.Ack) for answer in answers]

    async def _send(
        self, channel: AbstractChannel, messages: Sequence[Outgoing]
    ) -> Sequence[asyncio.Future[Any]]:
        """Write ``messages`` to the connection; return a future of the broker's confirm for each."""
        if isinstance(channel, Channel):
            return await write_at_once(channel, messages)
        return [asyncio.ensure_future(self._publish_one(channel, message)) for message in messages]

    async def _publish_one(self, channel: AbstractChannel, message: Outgoing) -> Any:
        answer = await channel.basic_publish(
            message.body,
            exchange=message.exchange,
            routing_key=message.routing_key,
            properties=message.properties,
            mandatory=True,
            timeout=PUBLISH_TIMEOUT_SECONDS,
        )
        if isinstance(answer, Basic.Nack | Basic.Reject):
            raise BrokerUnavailable("refused by the broker")
        return answer

    async def _open(self) -> AbstractChannel:
        async with self._opening:
            if self._channel is None or self._channel.is_closed:
                self._channel = await self._link.channel(confirms=True)
            return self._channel

    async def _give_up(self) -> None:
        # A channel that timed out may hang, so it is not used again.
        self._channel = None
        await self._link.drop()

    async def close(self) -> None:
        """Close the connection."""
        await self._give_up()


async def write_at_once(channel: Channel, messages: Sequence[Outgoing]) -> list[asyncio.Future[Any]]:
    """Write the frames of all ``messages`` with one call; return the futures of their confirms.

    This does the same as ``basic_publish`` of aiormq, but without a task, a lock and a socket wait for each message.
    These three cost four times as much as the rest (docs/speed.md). A channel that closes fails the futures.
    """
    frames: list[Any] = []
    confirms: list[asyncio.Future[Any]] = []
    async with channel.lock:
        if channel.is_closed:
            raise ConnectionError("the channel is closed")
        for message in messages:
            channel.delivery_tag += 1
            tag, message_id = channel.delivery_tag, message.properties.message_id or ""
            confirm = channel.create_future()
            confirm.add_done_callback(partial(_forget, channel.message_id_delivery_tag, message_id))
            channel.confirmations[tag] = confirm
            channel.message_id_delivery_tag[message_id] = tag
            frames += (
                Basic.Publish(exchange=message.exchange, routing_key=message.routing_key, mandatory=True),
                ContentHeader(properties=message.properties, body_size=len(message.body)),
                *_bodies(message.body, channel.max_content_size),
            )
            confirms.append(confirm)
        await channel.write_queue.put(ChannelFrame.marshall(frames=frames, channel_number=channel.number))
    return confirms


def _forget(tags: dict[str, int], message_id: str, _: asyncio.Future[Any]) -> None:
    tags.pop(message_id, None)


def _bodies(body: bytes, size_max: int) -> list[ContentBody]:
    return [ContentBody(body[start : start + size_max]) for start in range(0, len(body), size_max)]


def event_properties(
    *,
    event_id: str,
    type_: str,
    correlation: str,
    occurred_at: datetime,
    app_id: str,
    headers: Mapping[str, Any],
) -> Basic.Properties:
    """Return the envelope of an event: CloudEvents 1.0 attributes as AMQP properties and headers."""
    return Basic.Properties(
        content_type="application/json",
        content_encoding="utf-8",
        delivery_mode=2,
        message_id=event_id,
        message_type=type_,
        app_id=app_id,
        correlation_id=correlation,
        timestamp=occurred_at,
        headers={"occurred_at": occurred_at.isoformat(), **headers},
    )
