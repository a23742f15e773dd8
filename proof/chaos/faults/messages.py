"""Messages come twice, in another order, poisoned, malformed or from the future (F21 to F26)."""

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from random import Random

from proof.chaos import post
from proof.chaos.faults import NotProven, fault, proven
from proof.chaos.faults.broker import queues_hearing
from proof.chaos.stage import Stage
from proof.observers import Outside

ORDER_PLACED = "order_placed.v1"
WINDOW = 50
OFTEN = 10  # times in the last minute
WINDOW_SECONDS_MAX = 8.0
HUGE_BYTES = 20_000_000


@fault("F21", "events published twice", proof="the broker confirmed the copies", over="at once")
async def duplicate(stage: Stage, fate: Random) -> str:
    """Publish a fifth of the last minute's events again, each twice at the same instant."""
    letters = await post.recent(stage.amqp_url)
    again = [one for one in letters if fate.random() < 0.2] or letters[:5]
    confirmed = await post.send(stage.amqp_url, [*again, *again])
    return proven(confirmed, f"{confirmed} copies of {len(again)} events")


@fault("F22", "events in another order", proof="so many were held and shuffled", over="all are delivered")
async def reorder(stage: Stage, fate: Random) -> str:
    """Hold what one consumer should hear, and give it in another order."""
    said = Counter(one.type for one in await post.recent(stage.amqp_url))
    busy = [one for one in await queues_hearing(stage) if said[one[2]] >= OFTEN]
    if not busy:
        raise NotProven(f"nobody hears anything often: {dict(said)}")
    queue, exchange, key = fate.choice(busy)
    held = f"chaos.window.{queue}"
    async with post.channel(stage.amqp_url) as ours:
        await ours.queue_declare(held, durable=True, arguments={"x-queue-type": "quorum"})
        await ours.queue_bind(held, exchange, routing_key=key)
        await ours.queue_unbind(queue, exchange, routing_key=key)
        try:
            for _ in range(int(WINDOW_SECONDS_MAX / 0.5)):
                await asyncio.sleep(0.5)
                counted = await ours.queue_declare(held, passive=True)
                if (counted.message_count or 0) >= WINDOW:
                    break
        finally:
            # Bound again before it is unbound here: in between they come twice, and never not at all.
            await ours.queue_bind(queue, exchange, routing_key=key)
            await ours.queue_unbind(held, exchange, routing_key=key)
        window = await post.take_all(ours, held)
        fate.shuffle(window)
        for tag, letter in window:
            await post.publish(ours, letter.to_queue(queue))
            await ours.basic_ack(tag)
        await ours.queue_delete(held)
    return proven(len(window) > 1, f"{len(window)} events for {queue} shuffled")


@fault("F24", "poison", proof="all are dead letters after three tries", over="all are dead letters")
async def poison(stage: Stage, fate: Random) -> str:
    """Give a consumer events that no database can take, among all the good ones."""
    orders = [one for one in await post.recent(stage.amqp_url) if one.type == ORDER_PLACED]
    if not orders:
        raise NotProven("no order to poison")
    queue = fate.choice([name for name, _, key in await queues_hearing(stage) if key == ORDER_PLACED])
    letters = []
    for _ in range(fate.randint(1, 5)):
        # PostgreSQL's text holds no NUL; neither would a retry help nor may its neighbours suffer.
        body = json.loads(fate.choice(orders).body) | {"order_code": "POISON\0"}
        letters.append(post.forged(json.dumps(body).encode(), type_=ORDER_PLACED, queue=queue))
    return await _all_buried(stage, queue, letters, reason="failed", attempts=3)


@fault("F25", "malformed messages", proof="all are dead letters, undecodable", over="all are dead letters")
async def malform(stage: Stage, fate: Random) -> str:
    """Give a consumer bytes that are no event: broken, wrongly encoded, huge, deep, doubled, not a number."""
    queue = fate.choice([name for name, _, key in await queues_hearing(stage) if key == ORDER_PLACED])
    bodies = [
        b"",
        b"{",
        b"[]",
        b'"order"',
        b'{"order_code": NaN}',
        b'{"order_code": 1, "order_code": []}',
        '{"order_code": "暖簾"}'.encode("cp932"),
        b"[" * 10_000 + b"]" * 10_000,
        b'{"order_code": "' + b"x" * (HUGE_BYTES if fate.random() < 0.2 else 100_000) + b'"}',
    ]
    letters = [post.forged(body, type_=ORDER_PLACED, queue=queue) for body in bodies]
    return await _all_buried(stage, queue, letters, reason="undecodable")


@fault("F26", "unknown versions", proof="all are dead letters, unknown_version", over="all are dead letters")
async def from_the_future(stage: Stage, fate: Random) -> str:
    """Give a consumer events of a version and of a type that it does not know."""
    orders = [one for one in await post.recent(stage.amqp_url) if one.type == ORDER_PLACED]
    if not orders:
        raise NotProven("no order to take as a pattern")
    queue = fate.choice([name for name, _, key in await queues_hearing(stage) if key == ORDER_PLACED])
    body = fate.choice(orders).body
    letters = [
        post.forged(body, type_=type_, queue=queue) for type_ in ("order_placed.v99", "gift_wrapped.v1")
    ]
    return await _all_buried(stage, queue, letters, reason="unknown_version")


async def _all_buried(
    stage: Stage, queue: str, letters: Sequence[post.Letter], *, reason: str, attempts: int = 1
) -> str:
    """Send the letters and wait until all are dead letters for this reason."""
    stage.forged |= {one.properties.message_id or "" for one in letters}
    confirmed = await post.send(stage.amqp_url, letters)
    wanted = {one.properties.message_id for one in letters}
    async with Outside.of(stage.environment) as outside:

        async def buried() -> bool:
            dead = await outside.broker.dead_letters(f"{queue}.dead")
            found = {
                one.event_id
                for one in dead
                if one.headers.get("reason") == reason and one.headers.get("attempts") == attempts
            }
            return wanted <= found

        await stage.until(buried, f"{len(letters)} dead letters of {queue}", seconds=60, every=1)
    return proven(confirmed == len(letters), f"{confirmed} for {queue} became dead letters ({reason})")
