"""Move dead letters back to their queue.

    make replay q=payments.start_payment         all dead letters of the queue
    make replay q=payments.start_payment n=10    the ten oldest

    make replay q=payments.lost                  messages for deleted queues, each to its own queue

Attempts start again at zero. The consuming service records the replay in the table `replays` and in the log line
`message.replayed`: time, reason of death, and who asked for it (the user of this machine, or REPLAYED_BY). A letter is
removed only after the broker has confirmed its copy, so an interruption loses nothing. The inbox drops a second copy of
a handled event (docs/running.md).
"""

import argparse
import asyncio
import getpass
import os
import socket
import sys

import aio_pika
import aiormq
from aiormq.abc import AbstractChannel, DeliveredMessage
from pamqp.commands import Basic

from shared.messaging.amqp import BrokerError
from shared.messaging.dead_letter_headers import death_in, without_deaths

PUBLISH_SECONDS_MAX = 20.0
UNTOLD = "unknown"
LOST = "lost"


class NotReplayed(Exception):
    """The broker has no such queue, or did not take a letter back; the text says which."""


async def replay(amqp_url: str, queue: str, *, by: str, letters_max: int | None = None) -> int:
    """Move the oldest dead letters of ``queue`` back to it, ``letters_max`` or all, for ``by``; return how many.

    A message that fails again meanwhile is not moved a second time. Raises NotReplayed, or BrokerError if the broker is
    unavailable; letters that were not moved are still dead letters. Each lost message of a service (``queue`` is
    ``<service>.lost``) goes to the queue that it names.
    """
    service, _, name = queue.partition(".")
    async with await aio_pika.connect(amqp_url) as connection:
        channel = await (await connection.channel()).get_underlay_channel()
        if name != LOST:
            await _count(channel, queue)
        waiting = await _count(channel, f"{queue}.dead")
        wanted = waiting if letters_max is None else min(letters_max, waiting)
        for moved in range(wanted):
            letter = await channel.basic_get(f"{queue}.dead")
            if not isinstance(letter.delivery, Basic.GetOk):
                return moved
            home = queue if name != LOST else _home_of(letter, service)
            await _give_back(channel, home, letter, by)
        return wanted


async def _count(channel: AbstractChannel, queue: str) -> int:
    try:
        declared = await channel.queue_declare(queue, passive=True)
    except aiormq.exceptions.ChannelNotFoundEntity as error:
        raise NotReplayed(f"there is no queue {queue}") from error
    return declared.message_count or 0


def _home_of(letter: DeliveredMessage, service: str) -> str:
    """Return the queue that a lost message names. Raises NotReplayed where it is not one of its own service."""
    home = letter.routing_key or ""
    if not home.startswith(f"{service}."):
        raise NotReplayed(f"{letter.header.properties.message_id} names {home!r}, no queue of {service}")
    return home


async def _give_back(channel: AbstractChannel, queue: str, letter: DeliveredMessage, by: str) -> None:
    name = letter.header.properties.message_id
    try:
        answer = await channel.basic_publish(
            letter.body,
            routing_key=queue,
            properties=_as_new(letter.header.properties, by),
            mandatory=True,
            timeout=PUBLISH_SECONDS_MAX,
        )
    except aiormq.exceptions.DeliveryError as error:
        raise NotReplayed(f"{queue} did not take {name}: is there such a queue?") from error
    if not isinstance(answer, Basic.Ack):
        raise NotReplayed(f"{queue} did not take {name}")
    await channel.basic_ack(letter.delivery_tag or 0)


def _as_new(properties: Basic.Properties, by: str) -> Basic.Properties:
    headers = properties.headers or {}
    death = death_in(headers)
    properties.headers = without_deaths(headers) | {
        "died_at": death.at if death else "",
        "died_of": death.of if death else UNTOLD,
        "replayed_by": by,
    }
    properties.delivery_mode = 2
    return properties


def who() -> str:
    """Return who asks: REPLAYED_BY, else the user of this machine, also one who has become root."""
    said = os.environ.get("REPLAYED_BY") or os.environ.get("SUDO_USER") or getpass.getuser()
    return f"{said}@{socket.gethostname()}"


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="make replay", description=__doc__)
    parser.add_argument("queue", help="the queue that they were for, without .dead")
    parser.add_argument("count", nargs="?", type=int, help="how many of the oldest; all without it")
    arguments = parser.parse_args()
    try:
        moved = asyncio.run(
            replay(os.environ["AMQP_ADMIN_URL"], arguments.queue, by=who(), letters_max=arguments.count)
        )
    except (NotReplayed, *BrokerError) as error:
        print(f"replay: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    print(f"{moved} moved from {arguments.queue}.dead back to {arguments.queue}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
