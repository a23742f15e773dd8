"""Every service is killed at random under load, with a second worker and relay beside it (F1, F4)."""

import asyncio
import contextlib
import random

import pytest

from deploy.native.site import SERVICES
from proof.load import Load
from proof.observers import Outside
from tests.journeys.dying import nothing_lost_nothing_doubled
from tests.journeys.stack import Stack

ORDERS = 28
KILLS = 8
PAUSE_SECONDS = (0.5, 2.0)


@pytest.mark.broker
@pytest.mark.disruptive
@pytest.mark.feature("OPS-07")
async def test_processes_killed_at_random_lose_and_double_nothing(
    stack: Stack, outside: Outside, load: Load
) -> None:
    fate = random.Random(20261122)
    # Each of them twice, in an order that the seed decides.
    victims = [*SERVICES] * (KILLS // len(SERVICES))
    fate.shuffle(victims)
    with contextlib.ExitStack() as replicas:
        for service in ("payments", "members"):
            await asyncio.to_thread(replicas.enter_context, stack.replicas(service, 1))
        crowd = asyncio.create_task(load.run(ORDERS))
        for victim in victims:
            await asyncio.sleep(fate.uniform(*PAUSE_SECONDS))
            await asyncio.to_thread(stack.kill, victim)
        placed = await crowd
        await asyncio.to_thread(stack.wait_until_ready)

    assert len(placed) == ORDERS
    await nothing_lost_nothing_doubled(outside, mails=False)


@pytest.mark.broker
@pytest.mark.disruptive
async def test_after_all_the_killing_every_mail_arrives(outside: Outside) -> None:
    await nothing_lost_nothing_doubled(outside)
