"""The broker, as the core uses it: one connection to publish, one to consume, both supervised.

aiormq is used directly: a lost connection ends everything that hangs on it and is opened anew by whoever
needs it. Nothing is restored behind our back, so nothing can be half alive (docs/decisions/0003).
"""

import asyncio
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Self

import aiormq
import orjson
import structlog
from aiormq.abc import AbstractChannel, AbstractConnection, ChannelFrame, DeliveredMessage
from aiormq.channel import Channel
from pamqp.body import ContentBody
from pamqp.commands import Basic
from pamqp.header import ContentHeader
from pydantic import ValidationError
from yarl import URL

from shared.cause import read_traceparent
from shared.crash import crash_point
from shared.deaths import Death, death_in
from shared.errors import Undecodable, UnknownVersion, WrongExchange
from shared.events import CATALOGUE, Event

log = structlog.get_logger()

HEARTBEAT_SECONDS = 10
PUBLISH_TIMEOUT_SECONDS = 5.0
CONNECT_TIMEOUT_SECONDS = 10.0
# Far above any bound of our own; what claims more was not counted by us.
ATTEMPTS_SANE_MAX = 1000
EVENT_TYPE = re.compile(r"[a-z]+(_[a-z]+)*\.v[1-9][0-9]*")

# ChannelInvalidStateError is what a channel says that died since its message came: no AMQPError, but the same.
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
    """The broker did not confirm in time, or is not there. What was sent may have arrived."""


def events_exchange(service: str) -> str:
    """Return the name of the exchange on which ``service`` says its events."""
    return f"{service}.events"


def cancelled_by_us() -> bool:
    """Tell whether the running task itself was cancelled.

    A dying connection cancels futures that we wait for; that CancelledError is its trouble, not ours.
    """
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


class Link:
    """One supervised connection. ``channel`` opens it when needed; ``drop`` gives it up."""

    def __init__(self, url: str, name: str, *, timeout_seconds: float = CONNECT_TIMEOUT_SECONDS) -> None:
        self._url = URL(url).update_query(name=name, heartbeat=HEARTBEAT_SECONDS)
        self._timeout_seconds = timeout_seconds
        self._connection: AbstractConnection | None = None
        self._lock = asyncio.Lock()

    async def channel(self, *, confirms: bool) -> AbstractChannel:
        """Open a channel, connecting first if there is no living connection. Raises BrokerError."""
        async with self._lock:
            if self._connection is None or self._connection.is_closed:
                self._connection = await self._connect()
            connection = self._connection
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await connection.channel(publisher_confirms=confirms, on_return_raises=False)
        except TimeoutError:
            # It would stay wedged until its heartbeat ends it, long after the network has come back.
            if self._connection is connection:
                await self.drop()
            raise
        except RuntimeError as error:
            # What aiormq says of a connection that has closed between our look and the call.
            raise ConnectionError(str(error)) from error

    async def _connect(self) -> AbstractConnection:
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await aiormq.connect(self._url)
        except StopAsyncIteration as error:
            # What aiormq says when the other side hangs up before its greeting: a balancer with no node behind it.
            raise ConnectionError("hung up before the greeting") from error

    async def drop(self) -> None:
        """Close the connection, whatever state it is in."""
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

    ``link`` takes the place of the connection that would be made for ``url``.
    """

    def __init__(self, url: str, name: str, *, link: Link | None = None) -> None:
        self._link = link or Link(url, f"{name}.publish")
        self._channel: AbstractChannel | None = None
        self._opening = asyncio.Lock()

    async def publish(self, messages: Sequence[Outgoing]) -> list[bool]:
        """Publish ``messages``; return for each whether a queue took it.

        False means that the broker returned it: nothing is bound. Raises BrokerUnavailable when not every
        answer came in time; the messages may then have arrived or not, so publish the same ids again.
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
        """Hand ``messages`` to the connection; return what will hold the broker's answer to each."""
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
        # A channel that timed out once may stay wedged for ever, so it is never used again.
        self._channel = None
        await self._link.drop()

    async def close(self) -> None:
        """Close the connection."""
        await self._give_up()


async def write_at_once(channel: Channel, messages: Sequence[Outgoing]) -> list[asyncio.Future[Any]]:
    """Write the frames of all ``messages`` with one call; return the futures of their confirms.

    It does what ``basic_publish`` of aiormq does, without a task, a lock and a wait for the socket for each
    message, which cost four times as much as the rest (docs/speed.md). A closing channel fails the futures.
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


@dataclass(frozen=True, slots=True)
class Heard:
    """A decoded delivery."""

    event: Event
    headers: Mapping[str, Any]
    delivery: DeliveredMessage

    @property
    def tag(self) -> int:
        """Return the delivery tag, to acknowledge by."""
        return self.delivery.delivery_tag or 0

    @property
    def death(self) -> Death | None:
        """Return the death from which this message was moved back, if it was."""
        return death_in(self.headers)

    @property
    def attempts(self) -> int:
        """Return how many times handling this message has failed so far; 0 where that is no sane count.

        What was moved back from the dead letters, however that was done, begins anew.
        """
        count = 0 if self.death else self.headers.get("attempts", 0)
        return count if isinstance(count, int) and 0 <= count < ATTEMPTS_SANE_MAX else 0

    @classmethod
    def decode(cls, delivery: DeliveredMessage, kinds: Collection[type[Event]]) -> Self:
        """Decode ``delivery``. Raises Undecodable if it is not one of the ``kinds`` of event that are heard.

        WrongExchange, where it was said on the exchange of a service that may not say it.
        """
        properties = delivery.header.properties
        headers = properties.headers or {}
        event = decode_event(
            delivery.body, type_=properties.message_type, event_id=properties.message_id, headers=headers
        )
        if type(event) not in kinds:
            raise Undecodable(f"{event.type} is not heard here")
        exchange = delivery.exchange or ""
        if exchange.endswith(".events") and exchange != events_exchange(event.producer):
            raise WrongExchange(f"{event.type} came by {exchange}")
        return cls(event, headers, delivery)


def decode_event(
    body: bytes, *, type_: str | None, event_id: str | None, headers: Mapping[str, Any]
) -> Event:
    """Return the event that ``body`` and its envelope say. Raises Undecodable if they say none.

    UnknownVersion is the one that an upgrade may mend.
    """
    kind = CATALOGUE.get(type_ or "")
    if kind is None:
        another = EVENT_TYPE.fullmatch(type_ or "")
        raise (UnknownVersion if another else Undecodable)(f"unknown type {type_!r}")
    try:
        data = orjson.loads(body)
        if not isinstance(data, dict):
            raise Undecodable(f"{kind.type}: body is not an object")
        # What we write comes back byte for byte; only what others wrote is read a second time.
        if orjson.dumps(data) != body:
            json.loads(body, object_pairs_hook=_once_each)
        envelope = {
            "event_id": event_id,
            "occurred_at": headers.get("occurred_at"),
            "caused_by": headers.get("causation_id"),
            "traceparent": read_traceparent(headers.get("traceparent")),
        }
        return kind.model_validate(data | envelope)
    except orjson.JSONDecodeError as error:
        raise Undecodable(f"{kind.type}: not JSON") from error
    except ValidationError as error:
        # Only places and kinds: the values may be personal data.
        raise Undecodable(f"{kind.type}: {_places(error)}") from error


def _once_each(pairs: list[tuple[str, Any]]) -> None:
    """Refuse an object that names a key twice: it would mean one thing to us, another to whoever reads first."""
    if len({key for key, _ in pairs}) != len(pairs):
        raise Undecodable("a key is given twice")


def _places(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, place['loc']))}: {place['type']}"
        for place in error.errors(include_input=False)[:5]
    )
