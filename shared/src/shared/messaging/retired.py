"""Queues of earlier releases: their messages move to the new queues, then the old ones are deleted.

Until November 2026 waiting messages were in ``<service>.retry.<n>s`` and returned through the default exchange,
which reaches every queue of the broker. The properties of a queue cannot be changed, so there are new queues.
"""

import asyncio

import aio_pika
import aiormq
import structlog
from aio_pika.abc import AbstractConnection
from aiormq.abc import AbstractChannel
from pamqp.commands import Basic

from shared.messaging.topology import RETRY_STEPS_SECONDS, retry_exchange

log = structlog.get_logger()

# A message whose wait has just ended returns to its queue; the broker needs a moment for that.
ON_ITS_WAY_SECONDS = 2.0


async def retire_waiting_queues(url: str, service: str) -> int:
    """Move the messages of the old queues of ``service`` to the new ones and delete the old queues.

    Return how many moved.

    ``url`` is the administrator's. Run after :func:`shared.messaging.topology.declare`: the exchanges must lead to the
    new queues. An interruption loses nothing, and a second run continues. A moved message waits its whole time again.
    """
    async with await aio_pika.connect(url) as connection:
        moved = [
            await _retire(connection, retry_exchange(service, seconds)) for seconds in RETRY_STEPS_SECONDS
        ]
    return sum(moved)


async def _retire(connection: AbstractConnection, name: str) -> int:
    """Retire the queue that has the name of its exchange."""
    channel = await (await connection.channel()).get_underlay_channel()
    try:
        await channel.queue_declare(name, passive=True)
    except aiormq.exceptions.ChannelNotFoundEntity:
        return 0
    # The queue is bound under its own name, which is aio-pika's default.
    await channel.queue_unbind(name, name, routing_key=name)
    moved = await _move(channel, name)
    await asyncio.sleep(ON_ITS_WAY_SECONDS)
    moved += await _move(channel, name)
    await channel.queue_delete(name)
    await channel.close()
    log.info("topology.queue_retired", queue=name, moved=moved)
    return moved


async def _move(channel: AbstractChannel, name: str) -> int:
    waiting = (await channel.queue_declare(name, passive=True)).message_count or 0
    for moved in range(waiting):
        message = await channel.basic_get(name)
        if not isinstance(message.delivery, Basic.GetOk):
            return moved
        answer = await channel.basic_publish(
            message.body,
            exchange=name,
            routing_key=message.routing_key or "",
            properties=message.header.properties,
            mandatory=True,
        )
        if not isinstance(answer, Basic.Ack):
            raise ConnectionError(f"nothing is bound to {name}")
        await channel.basic_ack(message.delivery_tag or 0)
    return waiting
