"""Probes: publishers that check repeatedly whether one node of the broker confirms. A minority must not."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import uuid4

from aiormq.abc import AbstractChannel
from pamqp.commands import Basic
from pamqp.common import FieldValue

from proof.chaos.cluster import Cluster
from shared.messaging.amqp import BrokerError, BrokerUnavailable, Link, Outgoing, Publisher, cancelled_by_us

QUEUE = "proof.probe"
PAUSE_SECONDS = 0.25
PATIENCE_SECONDS = 60.0
ANSWER_SECONDS_MAX = 10.0
ARGUMENTS: Mapping[str, FieldValue] = {"x-queue-type": "quorum"}

T = TypeVar("T")


@dataclass
class Asked:
    """What became of the questions: when each began, and when it was confirmed, if it was."""

    answers: list[tuple[float, float | None]] = field(default_factory=list)

    def tried(self, since: float, until: float) -> int:
        """Count what began between two moments."""
        return sum(since <= began < until for began, _ in self.answers)

    def confirmed(self, since: float, until: float) -> int:
        """Count what began, and was confirmed, between two moments."""
        return sum(since <= began and ended is not None and ended < until for began, ended in self.answers)

    def silence(self, since: float, until: float) -> float:
        """Return the longest time between two moments in which nothing was confirmed."""
        told = sorted(ended for _, ended in self.answers if ended is not None and since <= ended < until)
        moments = [since, *told, until]
        return max(after - before for before, after in itertools.pairwise(moments))


class Probes:
    """One publisher, that of the services, straight at each node."""

    def __init__(self, nodes: Iterable[int]) -> None:
        self.asked = {node: Asked() for node in nodes}

    def of(self, nodes: Iterable[int]) -> Asked:
        """Return the answers of these nodes together."""
        return Asked([answer for node in nodes for answer in self.asked[node].answers])

    async def all_confirm(self) -> bool:
        """Tell whether each node has confirmed something so far."""
        return all(asked.confirmed(0, time.monotonic()) for asked in self.asked.values())

    async def ask(self, node: int, url: str) -> None:
        """Publish one message after the other until cancelled."""
        publisher = Publisher(url, f"probe-{node}")
        try:
            while True:
                await self._once(node, publisher)
                await asyncio.sleep(PAUSE_SECONDS)
        finally:
            await publisher.close()

    async def _once(self, node: int, publisher: Publisher) -> None:
        began, ended = time.monotonic(), None
        properties = Basic.Properties(delivery_mode=2, message_id=uuid4().hex)
        try:
            if await publisher.publish([Outgoing("", QUEUE, b"?", properties)]) == [True]:
                ended = time.monotonic()
        except BrokerUnavailable:
            pass
        self.asked[node].answers.append((began, ended))


@asynccontextmanager
async def probing(cluster: Cluster, through: str, nodes: Iterable[int]) -> AsyncIterator[Probes]:
    """Ask these nodes inside the block; the queue for it is declared and deleted at the address ``through``."""
    probes = Probes(nodes)
    await kept(through)
    asking = [asyncio.create_task(probes.ask(node, cluster.amqp_url(node))) for node in probes.asked]
    try:
        yield probes
    finally:
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        await _patiently(through, lambda channel: channel.queue_delete(QUEUE))


async def kept(through: str) -> int:
    """Return how many of the probes' messages the broker has, in a queue that is declared if there is none."""
    declared = await _patiently(
        through, lambda channel: channel.queue_declare(QUEUE, durable=True, arguments=dict(ARGUMENTS))
    )
    return declared.message_count or 0


async def _patiently(through: str, ask: Callable[[AbstractChannel], Awaitable[T]]) -> T:
    """Return what the broker answers, asked again while it cannot. Raises OSError after a minute."""
    link = Link(through, "probe")
    deadline = time.monotonic() + PATIENCE_SECONDS
    try:
        while True:
            try:
                async with asyncio.timeout(ANSWER_SECONDS_MAX):
                    return await ask(await link.channel(confirms=False))
            except BrokerError as error:
                said = repr(error)
            except asyncio.CancelledError:
                # A dying connection cancels who waits for it.
                if cancelled_by_us():
                    raise
                said = "connection lost"
            await link.drop()
            if time.monotonic() > deadline:
                raise TimeoutError(f"not within {PATIENCE_SECONDS:.0f} s: {said}")
            await asyncio.sleep(PAUSE_SECONDS)
    finally:
        await link.drop()
