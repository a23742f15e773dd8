"""Wait until nothing is in progress; only then can a check find lost events.

Settled means: the load has stopped, every committed event is with the broker, every call and mail that was
due is done, and all queues are empty (dead letters aside) on two readings.
"""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field

import asyncpg
import httpx

from proof.observers import SERVICES, Outside

# The broker counts its queues anew every five seconds; two readings must not be of the same count.
APART_SECONDS = 5.5
LOOK_AGAIN_SECONDS = 0.5
DUE = {
    "payments": {
        "payment_requests": "due_at IS NOT NULL",
        "notices": "due_at IS NOT NULL",
    },
    "members": {},
    "notifications": {"mails": "due_at IS NOT NULL"},
    "checkout": {},
}


class NotSettled(AssertionError):
    """Something was still under way when the time was up; the text says what."""


@dataclass
class UnderWay:
    """What is not done yet."""

    things: dict[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        return ", ".join(f"{name}: {count}" for name, count in self.things.items())


async def settled(
    outside: Outside,
    *,
    seconds_max: float = 60,
    apart_seconds: float = APART_SECONDS,
    mails: bool = True,
) -> None:
    """Return when nothing is under way. Raises NotSettled. Outages of what is looked at only cost time.

    ``mails=False`` does not wait for mails: one whose sender died is sent again only a lease later.
    """
    deadline = time.monotonic() + seconds_max
    quiet_since: float | None = None
    found = "nothing could be looked at"
    while time.monotonic() < deadline:
        try:
            under_way = await look(outside, mails=mails)
            found = str(under_way)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, httpx.HTTPError) as error:
            under_way, found = None, f"{type(error).__name__}: {error}"
        if under_way is None or under_way.things:
            quiet_since = None
        elif quiet_since is None:
            quiet_since = time.monotonic()
        elif time.monotonic() - quiet_since >= apart_seconds:
            return
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
    raise NotSettled(f"not settled after {seconds_max:.0f} s: {found}")


async def look(outside: Outside, *, mails: bool = True) -> UnderWay:
    """Return what is under way now."""
    things: dict[str, int] = {}
    for service in SERVICES:
        rows = outside.databases[service]
        unsent = await rows.value("SELECT count(*) FROM outbox WHERE published_at IS NULL")
        things[f"{service}: unsent events"] = unsent
        for table, due in DUE[service].items():
            if table == "mails" and not mails:
                continue
            count = await rows.value(
                f"SELECT count(*) FROM {table} WHERE {due} AND due_at <= $1",  # noqa: S608 - our own names
                outside.now(),
            )
            things[f"{service}: due {table}"] = count
    for queue in await outside.broker.queues():
        if not queue.is_dead:
            things[f"messages in {queue.name}"] = queue.ready + queue.unacked
    found = {name: count for name, count in things.items() if count}
    # Asked last: what goes from queue to queue may escape the broker's counts, but not this one.
    return UnderWay(found or await _unheard(outside))


async def _unheard(outside: Outside) -> dict[str, int]:
    """Return how many committed events each queue has neither heard nor buried."""
    heard = await outside.heard()
    heard |= {(letter.consumer, letter.event_id) for letter in await outside.broker.dead_letters()}
    hearers = await outside.broker.hearers()
    return dict(
        Counter(
            f"events not heard by {queue}"
            for event in await outside.said()
            for queue in hearers.get((event.service, event.type), ())
            if (queue, event.event_id) not in heard
        )
    )
