"""Lets a service hear events in one transaction, as its workers do with what waited in a queue, or one by one."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from shared.database.transactions import Database
from shared.events import Event
from shared.messaging.consumers import Consumers


async def hear_together(
    db: Database,
    consumers: Consumers,
    events: Sequence[Event],
    resources: Mapping[type[Any], Any] | None = None,
    *,
    at_once: int | None = None,
) -> None:
    """Bring ``events`` to every function that listens, ``at_once`` of them, or all, in one transaction."""
    for consumer in consumers.all:
        heard = [event for event in events if isinstance(event, consumer.events)]
        size = at_once or len(heard) or 1
        for first in range(0, len(heard), size):
            async with db.transaction() as tx:
                await consumer.call(heard[first : first + size], tx, resources or {})


@contextmanager
def statements_of(db: Database) -> Iterator[list[str]]:
    """Collect the statements that ``db`` gets within the block."""
    seen: list[str] = []

    db.watchers.append(seen.append)
    try:
        yield seen
    finally:
        db.watchers.remove(seen.append)
