"""Move dead letters back to the queue that they were for.

    make replay q=payments.start_payment         all that rest there now
    make replay q=payments.start_payment n=10    the ten oldest

Its attempts are counted anew. A letter leaves the dead letters only after the broker has confirmed its copy, so
breaking off loses nothing; what is then heard twice does nothing, for the inbox remembers it (docs/running.md).
"""

import argparse
import asyncio
import os
import sys
from typing import Any

import aiormq
from aiormq.abc import AbstractChannel, DeliveredMessage
from pamqp.commands import Basic

from shared.amqp import BrokerError

PUBLISH_SECONDS_MAX = 20.0
# What burying wrote about the last death; when it first failed stays.
OF_ITS_DEATH = ("attempts", "reason", "error", "error_detail", "handler", "last_failed_at")


class NotReplayed(Exception):
    """The broker has no such queue, or did not take a letter back; the text says which."""


async def replay(amqp_url: str, queue: str, *, letters_max: int | None = None) -> int:
    """Move the oldest dead letters of ``queue`` back to it, ``letters_max`` or all; return how many.

    What dies again meanwhile is not moved a second time. Raises NotReplayed, or BrokerError where the broker
    is away; what was not moved is still among the dead letters.
    """
    async with await aiormq.connect(amqp_url) as connection:
        channel = await connection.channel(publisher_confirms=True)
        await _count(channel, queue)
        waiting = await _count(channel, f"{queue}.dead")
        wanted = waiting if letters_max is None else min(letters_max, waiting)
        for moved in range(wanted):
            letter = await channel.basic_get(f"{queue}.dead")
            if not isinstance(letter.delivery, Basic.GetOk):
                return moved
            await _give_back(channel, queue, letter)
        return wanted


async def _count(channel: AbstractChannel, queue: str) -> int:
    try:
        declared = await channel.queue_declare(queue, passive=True)
    except aiormq.exceptions.ChannelNotFoundEntity as error:
        raise NotReplayed(f"there is no queue {queue}") from error
    return declared.message_count or 0


async def _give_back(channel: AbstractChannel, queue: str, letter: DeliveredMessage) -> None:
    answer = await channel.basic_publish(
        letter.body,
        routing_key=queue,
        properties=_as_new(letter.header.properties),
        mandatory=True,
        timeout=PUBLISH_SECONDS_MAX,
    )
    if not isinstance(answer, Basic.Ack):
        raise NotReplayed(f"{queue} did not take {letter.header.properties.message_id}")
    await channel.basic_ack(letter.delivery_tag or 0)


def _as_new(properties: Basic.Properties) -> Basic.Properties:
    kept: dict[str, Any] = {
        name: value
        for name, value in (properties.headers or {}).items()
        if name not in OF_ITS_DEATH and not name.startswith("x-")
    }
    properties.headers = kept
    properties.delivery_mode = 2
    return properties


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="make replay", description=__doc__)
    parser.add_argument("queue", help="the queue that they were for, without .dead")
    parser.add_argument("count", nargs="?", type=int, help="how many of the oldest; all without it")
    arguments = parser.parse_args()
    try:
        moved = asyncio.run(
            replay(os.environ["AMQP_ADMIN_URL"], arguments.queue, letters_max=arguments.count)
        )
    except (NotReplayed, *BrokerError) as error:
        print(f"replay: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    print(f"{moved} moved from {arguments.queue}.dead back to {arguments.queue}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
