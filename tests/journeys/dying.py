"""Processes that die while the shop is full of people, and what has to be true when all is over."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from proof.installation import DIES_SECONDS_MAX, Doomed
from proof.load import Load, Order
from proof.observers import Outside
from proof.promises import Verdict, all_kept
from proof.settled import settled
from tests.journeys.stack import Stack

WATCH_SECONDS = 0.1
SETTLE_SECONDS_MAX = 240


@dataclass(frozen=True)
class Run:
    """What happened under load."""

    orders: list[Order]
    died: dict[str, bool]


async def crash_under_load(stack: Stack, load: Load, points: Mapping[str, str], *, orders: int) -> Run:
    """Let each service of ``points`` die at its crash point while ``orders`` come in.

    As soon as one is dead the supervised process takes over; when the load is done, all run as before.
    """
    doomed = await asyncio.gather(
        *(asyncio.to_thread(stack.doom, name, point) for name, point in points.items())
    )
    # Not waited for: who wants to order while they still start is patient.
    crowd = asyncio.create_task(load.run(orders))
    try:
        await asyncio.gather(*(_relieve(stack, one, crowd) for one in doomed))
        placed = await crowd
    finally:
        crowd.cancel()
        await asyncio.to_thread(stack.wait_until_ready)
    return Run(placed, {f"{one.name} {one.point}": one.died_at_its_point for one in doomed})


async def _relieve(stack: Stack, doomed: Doomed, crowd: "asyncio.Task[list[Order]]") -> None:
    for _ in range(int(DIES_SECONDS_MAX / WATCH_SECONDS)):
        if not doomed.running or crowd.done():
            break
        await asyncio.sleep(WATCH_SECONDS)
    await asyncio.to_thread(stack.take_over, doomed)


async def nothing_lost_nothing_doubled(outside: Outside, *, mails: bool = True) -> list[Verdict]:
    """Wait until all is settled; then every promise must be kept and nothing may be a dead letter.

    ``mails=False`` leaves it to a later test to wait for mails whose sender was killed. One that is sent
    again just now has events under way, so what is found is believed only if it is found again.
    """
    if not mails:
        with suppress(AssertionError):
            return await _all_kept(outside, mails=False)
    return await _all_kept(outside, mails=mails)


async def _all_kept(outside: Outside, *, mails: bool) -> list[Verdict]:
    await settled(outside, seconds_max=SETTLE_SECONDS_MAX, mails=mails)
    dead = await outside.broker.dead_letters()
    assert not dead, f"dead letters: {[(one.queue, one.headers.get('reason')) for one in dead]}"
    return await all_kept(outside)
