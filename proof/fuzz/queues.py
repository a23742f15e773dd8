"""Garbage into every queue: each bad message ends among the dead letters with its reason, and orders placed
meanwhile are handled as ever."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from importlib import import_module

import aiormq
from aiormq.abc import AbstractChannel, DeliveredMessage
from pamqp.commands import Basic

from proof.fuzz.findings import Finding, Part
from proof.fuzz.garbage import MARK, Message, broken, not_heard_here, too_big, valid_bodies
from shared.messaging.consumers import Consumer

SERVICES = ("checkout", "payments", "members", "notifications")
DEAD_SECONDS_MAX = 120.0
LOOK_EVERY_SECONDS = 0.5
TOLD = ("reason", "error", "attempts", "handler", "first_failed_at", "last_failed_at")


def consumers_of(*services: str) -> list[Consumer]:
    """Return every consuming function of the services (all, if none is named)."""
    return [
        one for service in services or SERVICES for one in import_module(f"{service}.consumers").consumers.all
    ]


def garbage_for(consumer: Consumer, rounds: int, from_seed: int, *, big: bool) -> list[Message]:
    """Return the messages for one queue: each way of breaking, ``rounds`` times for each event it hears."""
    fate = random.Random(f"{from_seed} {consumer.queue}")
    messages = [
        message
        for kind in consumer.events
        for body in valid_bodies(kind.type, rounds, from_seed)
        for message in broken(kind.type, body, fate)
    ]
    heard = [kind.type for kind in consumer.events]
    messages += [not_heard_here(heard, fate) for _ in range(rounds)]
    if big:
        messages.append(too_big(consumer.events[0].type, {}, fate))
    fate.shuffle(messages)
    return messages


async def fuzz_queues(
    amqp_url: str,
    consumers: Sequence[Consumer],
    *,
    rounds: int,
    from_seed: int,
    big: bool = True,
    neighbours: Callable[[], Awaitable[Mapping[str, int]]] | None = None,
    seconds_max: float = DEAD_SECONDS_MAX,
) -> list[Part]:
    """Inject garbage into the queues of ``consumers``, all at once; ``neighbours`` act meanwhile.

    Returns a part for each queue; its counts say how many there were of each kind and reason.
    """
    run = str(time.time_ns())
    # One of 20 MB for each service: one for each queue is more than the broker's memory alarm allows.
    first = {one.service: one for one in reversed(consumers)}
    sent = {
        one.queue: garbage_for(one, rounds, from_seed, big=big and first[one.service] is one)
        for one in consumers
    }
    async with _channel(amqp_url) as channel:
        meanwhile = asyncio.ensure_future(neighbours()) if neighbours else None
        for queue, messages in sent.items():
            await _publish(channel, queue, messages, run)
        parts = [
            await _collect(amqp_url, queue, messages, run, seconds_max) for queue, messages in sent.items()
        ]
        if meanwhile is not None:
            counts = dict(await meanwhile)
            late = counts.pop("late", 0)
            found = [Finding("orders placed meanwhile", f"{late} events not heard", "")] if late else []
            parts.append(Part("neighbours", "events", sum(counts.values()), found, counts))
    return parts


@asynccontextmanager
async def _channel(amqp_url: str) -> AsyncIterator[AbstractChannel]:
    async with await aiormq.connect(amqp_url) as connection:
        yield await connection.channel(publisher_confirms=True)


async def _publish(channel: AbstractChannel, queue: str, messages: Sequence[Message], run: str) -> None:
    for number, one in enumerate(messages):
        properties = Basic.Properties(
            content_type=one.content_type,
            content_encoding=one.content_encoding,
            delivery_mode=2,
            message_id=one.message_id,
            message_type=one.type,
            headers={**one.headers, MARK: f"{run} {number}"},
        )
        # The default exchange leads to the queue of that name, past every topic.
        answer = await channel.basic_publish(
            one.body, routing_key=queue, properties=properties, mandatory=True
        )
        if not isinstance(answer, Basic.Ack):
            raise ConnectionError(f"{queue} did not take {one.how}")


async def _collect(
    amqp_url: str, queue: str, messages: Sequence[Message], run: str, seconds_max: float
) -> Part:
    """Take our letters out of the dead letters of a queue until all are there; hold each against its message."""
    ours: dict[int, DeliveredMessage] = {}
    twice = 0
    deadline = time.monotonic() + seconds_max
    async with _channel(amqp_url) as channel:
        while len(ours) < len(messages) and time.monotonic() < deadline:
            letter = await channel.basic_get(f"{queue}.dead", no_ack=False)
            if not letter.delivery_tag:
                await asyncio.sleep(LOOK_EVERY_SECONDS)
                continue
            mark = str((letter.header.properties.headers or {}).get(MARK, "")).split()
            if len(mark) == 2 and mark[0] == run:
                twice += int(mark[1]) in ours
                ours[int(mark[1])] = letter
                await channel.basic_ack(letter.delivery_tag)
        # What is not ours was only held, and goes back when the channel closes.
    counts = Counter(f"reason:{_headers(letter).get('reason')}" for letter in ours.values())
    counts["twice"] = twice
    found = [
        Finding(queue, f"{one.how} is no dead letter", again(queue, one))
        for number, one in enumerate(messages)
        if number not in ours
    ]
    for number, letter in ours.items():
        missing = [name for name in TOLD if not _headers(letter).get(name)]
        if missing or letter.body != messages[number].body:
            what = f"{messages[number].how}: dead letter without {missing} or with another body"
            found.append(Finding(queue, what, again(queue, messages[number])))
    return Part(f"queue {queue}", "broker", len(messages), found, dict(counts))


def _headers(letter: DeliveredMessage) -> Mapping[str, object]:
    return letter.header.properties.headers or {}


def again(queue: str, one: Message) -> str:
    """Return what publishes a message again by hand: its envelope and the start of its body."""
    return (
        f"publish to {queue}: type={one.type!r} message_id={one.message_id!r} headers={dict(one.headers)!r}"
        f" encoding={one.content_encoding} body={one.body[:1000]!r}{'...' if len(one.body) > 1000 else ''}"
    )
