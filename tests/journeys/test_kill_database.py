"""PostgreSQL restarts under load, in order and as after a crash: nothing is lost, nothing is doubled (F16)."""

import asyncio
from typing import Literal

import pytest

from harness.eventually import eventually
from proof.load import Load
from proof.observers import Outside
from proof.patience import PATIENCE_SECONDS
from tests.journeys.dying import nothing_lost_nothing_doubled
from tests.journeys.stack import Stack

ORDERS = 20


@pytest.mark.broker
@pytest.mark.disruptive
@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_a_restarted_database_loses_nothing(
    stack: Stack, outside: Outside, load: Load, mode: Literal["fast", "immediate"]
) -> None:
    crowd = asyncio.create_task(load.run(ORDERS))
    placed = len(load.orders)
    await eventually(lambda: len(load.orders) >= placed + 4, seconds=PATIENCE_SECONDS)

    await asyncio.to_thread(stack.restart_postgres, mode)

    assert len(await crowd) == ORDERS
    await nothing_lost_nothing_doubled(outside, mails=False)
