"""A short slice of the simulation, always the same seeds: promises hold, traces repeat, planted bugs are found.

The long form is `make sim`.
"""

import asyncio
import gc
import signal
import sys
import weakref
from asyncio.subprocess import DEVNULL
from collections import Counter

import psutil
import pytest

from harness.eventually import eventually
from proof.simulation.broker import Broker
from proof.simulation.campaign import Campaign
from proof.simulation.command import find
from proof.simulation.mutants import MUTANTS
from proof.simulation.people import play
from proof.simulation.sometimes import ENOUGH_SEEDS, MUST_HAPPEN, missing
from proof.simulation.world import World

pytestmark = pytest.mark.database

SEEDS = range(1, 9)
FOUND_WITHIN = 150
THE_ELEVEN = list(MUTANTS)[:11]


def test_a_seed_is_one_story_and_another_is_another(campaign: Campaign) -> None:
    lines: list[str] = []

    first = campaign.run(3)
    other = campaign.run(4)
    again = campaign.run(3, show=lines.append)

    assert first.lines > 50
    assert first == again
    assert first.digest != other.digest
    assert len(lines) == again.lines


def test_a_seed_that_ended_leaves_nothing_in_memory(campaign: Campaign) -> None:
    brokers: list[weakref.ref[Broker]] = []

    async def look_and_play(world: World) -> None:
        # Everything that a process refers to leads to its broker.
        brokers.append(weakref.ref(world.broker))
        await play(world)

    for seed in SEEDS:
        campaign.run(seed, play=look_and_play)
    gc.collect()

    assert [broker() for broker in brokers] == [None] * len(SEEDS)


@pytest.mark.parametrize("seed", SEEDS)
def test_all_promises_hold_whatever_happens(campaign: Campaign, seed: int) -> None:
    outcome = campaign.run(seed)

    assert not outcome.broken
    assert {"O1", "O4", "E1", "E3", "P4"} <= set(outcome.looked_at)


def test_members_pay_with_points(campaign: Campaign) -> None:
    assert any(campaign.run(seed).happened["points set aside"] for seed in SEEDS)


@pytest.mark.parametrize("name", THE_ELEVEN)
def test_a_planted_bug_is_found(campaign: Campaign, name: str) -> None:
    found = find(campaign, MUTANTS[name], range(1, 1 + FOUND_WITHIN))

    assert found is not None, f"nobody noticed: {name}"


def test_what_never_happened_fails_a_long_run() -> None:
    all_but_one = Counter(MUST_HAPPEN[1:])

    assert missing(all_but_one, ENOUGH_SEEDS) == [MUST_HAPPEN[0]]
    assert missing(all_but_one, ENOUGH_SEEDS - 1) == []


async def test_a_run_that_is_ended_takes_its_processes_along() -> None:
    command = (sys.executable, "-m", "proof.simulation", "--seeds", "1000", "-j", "1")
    running = await asyncio.create_subprocess_exec(*command, stdout=DEVNULL, stderr=DEVNULL)
    workers = await eventually(lambda: psutil.Process(running.pid).children() or False, seconds=60)
    running.terminate()
    assert await asyncio.wait_for(running.wait(), 60) == 128 + signal.SIGTERM
    _, still_there = psutil.wait_procs(workers, timeout=20)
    assert not still_there
