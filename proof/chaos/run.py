"""One run of chaos, from an empty installation to the report."""

import asyncio
import os
import shutil
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import TypeVar

import aiormq
import asyncpg
import httpx
import psutil
from rich.console import Console

from proof.chaos.accounts import accounts
from proof.chaos.canary import Canary, Recovery, in_peace, well_again
from proof.chaos.crowd import PIECES_MAX, Crowd
from proof.chaos.faults import Fault, NotProven
from proof.chaos.network import NODES
from proof.chaos.report import Injection, Report, surroundings
from proof.chaos.schedule import PAUSE_SECONDS, Turn, turns
from proof.chaos.stage import NotInTime, Stage
from proof.journal import Journal
from proof.load import Load
from proof.observers import Outside
from proof.promises import check_all, together
from proof.settled import NotSettled, settled

WARM_UP_SECONDS = 5.0
PATIENCE_SECONDS = 300.0
# How long a buyer waits at most before asking again; a crowd that asks faster would be a fault of its own.
ASK_AGAIN_SECONDS_MAX = 2.0
SETTLE_SECONDS_MAX = 420.0
PROGRESS_EVERY_SECONDS = 60.0
# What is left of a run when it is not worth another installation.
LEFT_SECONDS_MIN = 60.0
# What a strike may fail with besides NotProven: its own tools do not answer.
FAILED = (
    NotProven,
    NotInTime,
    OSError,
    httpx.HTTPError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    aiormq.exceptions.AMQPError,
)


T = TypeVar("T")


class Unfit(Exception):
    """The installation is not one on which chaos would prove anything."""


@dataclass
class Run:
    """``seconds`` of load at ``rate`` orders per second, in rounds after each of which all is checked.

    Each round has an installation of its own, so that a run of any length needs no more memory than its longest
    round. ``file`` gets the report after every strike and every round; beside it stay the logs of a round that
    was not good.
    """

    stage: Stage
    report: Report
    console: Console
    faults: list[Fault]
    rate: float
    seconds: float
    round_seconds: float
    pairs: float = 0.0
    pause_seconds: tuple[float, float] = PAUSE_SECONDS
    file: Path | None = None
    _schedule: Iterator[Turn] = field(init=False)
    _began: float = 0.0

    def __post_init__(self) -> None:
        self._schedule = turns(
            self.faults, self.report.seed, pairs=self.pairs, pause_seconds=self.pause_seconds
        )

    async def run(self) -> None:
        """Start everything anew for each round; leaves what was found in the report. Raises CannotRun, Unfit."""
        fate = Random(self.report.seed)
        while (left := self.seconds - self.report.seconds) > (LEFT_SECONDS_MIN if self.report.rounds else 0):
            await self._anew(fate, min(left, self.round_seconds))

    async def _anew(self, fate: Random, seconds: float) -> None:
        await self.stage.rise()
        await fit(self.stage)
        self.report.surroundings = await surroundings(self.stage)
        journal = Journal(self.stage.site.data / "journal.jsonl")
        tap = "stream" if self.stage.cluster is None else "quorum"
        environment = {**self.stage.environment, "PROOF_JOURNAL": str(journal.file), "PROOF_TAP": tap}
        async with AsyncExitStack() as exits:
            outside = await exits.enter_async_context(Outside.of(environment))
            await outside.broker.tap.lay()
            load = Load(
                self.stage,
                outside,
                journal,
                fate=fate,
                patience_seconds=PATIENCE_SECONDS,
                pause_seconds_max=ASK_AGAIN_SECONDS_MAX,
            )
            exits.push_async_callback(load.close)
            await self.play(outside, load, seconds)

    async def play(self, outside: Outside, load: Load, seconds: float) -> None:
        """Let load and faults loose for one round on what runs; then all settles and is checked."""
        pieces = min(PIECES_MAX, int(self.rate * seconds * 2) + 100)
        crowd = Crowd(load, self.rate, pieces)
        await crowd.opens()
        self._began = time.monotonic() - self.report.seconds
        progress = asyncio.create_task(self._every_minute(crowd))
        try:
            await self._round(crowd, seconds)
            await self._check(outside, crowd)
        finally:
            progress.cancel()
            self.report.crowd.update(crowd.counts)

    async def _round(self, crowd: Crowd, seconds: float) -> None:
        """Load and faults for so long; returns when all who ordered have gone home."""
        stop, began, before = asyncio.Event(), time.monotonic(), self.report.seconds
        inside = asyncio.create_task(crowd.run(stop))
        try:
            await asyncio.sleep(WARM_UP_SECONDS)
            while time.monotonic() - began < seconds:
                await self._turn(crowd, next(self._schedule))
                self.report.seconds = before + time.monotonic() - began
                await self._write()
            stop.set()
            await inside
        finally:
            inside.cancel()
            self.report.seconds = before + time.monotonic() - began

    async def _turn(self, crowd: Crowd, turn: Turn) -> None:
        """Some peace, one strike, and the time until the shop is well again."""
        await asyncio.sleep(turn.pause_seconds)
        peace = await self._well(lambda: in_peace(crowd.load), "in peace")
        journal, began = crowd.load.journal, time.monotonic()
        canary = await Canary.prepared(crowd.load)
        unserved = journal.unserved
        struck = await asyncio.gather(*(self._strike(fault, seed) for fault, seed in turn.faults))
        names = ", ".join(one.fault for one in struck)
        recovery: Recovery | None = await self._well(lambda: well_again(self.stage, canary), names)
        for one in struck:
            told = replace(
                one,
                at=round(began - self._began, 1),
                recovery=round(recovery.seconds, 2) if recovery is not None and one.proven else None,
                ready=round(recovery.ready, 2) if recovery is not None else None,
                authorized=round(recovery.authorized, 2) if recovery is not None else None,
                in_peace=round(peace, 2) if peace is not None else None,
                busy=round(os.getloadavg()[0], 1),
                recovered=recovery is not None,
                unserved=journal.unserved - unserved,
                together=len(struck) > 1,
            )
            self.report.injections.append(told)
            self._tell(told)

    async def _well(self, ask: Callable[[], Awaitable[T]], what: str) -> T | None:
        """Return what was asked for; None, and a trouble, where the shop did not become well in time."""
        try:
            return await ask()
        except (NotInTime, AssertionError, OSError, httpx.HTTPError) as error:
            self.report.trouble(f"{what}: {type(error).__name__}: {error}")
            return None

    async def _strike(self, fault: Fault, seed: int) -> Injection:
        began = time.monotonic()
        try:
            proven, evidence = True, await fault.strike(self.stage, Random(seed))
        except FAILED as error:
            proven, evidence = False, f"{type(error).__name__}: {error}"
            await self.stage.doors.heal()
        lasted = round(time.monotonic() - began, 1)
        return Injection(fault.id, lasted, proven, evidence)

    async def _check(self, outside: Outside, crowd: Crowd) -> None:
        """Wait until all has settled, then hold everything against the promises."""
        report, troubles = self.report, crowd.troubles
        try:
            await settled(outside, seconds_max=SETTLE_SECONDS_MAX)
        except NotSettled as error:
            troubles.append(str(error))
        dead = await outside.broker.dead_letters()
        troubles += [
            f"dead letter of {one.consumer}: {dict(one.headers)}"
            for one in dead
            if one.event_id not in self.stage.forged
        ]
        verdicts = await check_all(outside)
        told = await accounts(outside, verdicts, unexpected=len(troubles))
        report.trouble(*troubles)
        report.verdicts = together(report.verdicts, verdicts)
        report.accounts = told if report.accounts is None else report.accounts + told
        report.rounds += 1
        report.checked_seconds = report.seconds
        broken = sum(len(one.violations) for one in verdicts)
        self.console.print(
            f"round {report.rounds} checked after {report.seconds:.0f} s: {told.acknowledged} orders,"
            f" {broken} violations, {len(troubles)} troubles",
            highlight=False,
        )
        if (broken or troubles) and self.file is not None:
            kept = self.file.parent / f"round-{report.rounds}"
            await asyncio.to_thread(shutil.copytree, self.stage.site.logs, kept, dirs_exist_ok=True)
        await self._write()

    async def _every_minute(self, crowd: Crowd) -> None:
        """Tell how far it is, until cancelled."""
        while True:
            await asyncio.sleep(PROGRESS_EVERY_SECONDS)
            ours = psutil.Process().memory_info().rss / 2**20
            counts = ", ".join(f"{count} {name}" for name, count in crowd.counts.items())
            self.console.print(
                f"{time.monotonic() - self._began:7.1f} s  {counts}, {crowd.inside} inside,"
                f" {crowd.load.journal.unserved} requests unserved; {len(self.report.injections)} strikes,"
                f" {ours:.0f} MiB, load average {os.getloadavg()[0]:.1f}",
                highlight=False,
                soft_wrap=True,
            )

    async def _write(self) -> None:
        if self.file is not None:
            await asyncio.to_thread(self.report.write, self.file)

    def _tell(self, one: Injection) -> None:
        took = f"ready after {one.ready} s, order after {one.authorized} s" if one.recovered else "not well"
        took += f" (in peace {one.in_peace} s, load average {one.busy})"
        proof = "" if one.proven else "void: "
        line = f"{one.at:7.1f} s  {one.fault:<5}lasted {one.lasted:5.1f} s, {took}; {proof}{one.evidence}"
        self.console.print(line, highlight=False, markup=False, soft_wrap=True)


async def fit(stage: Stage) -> None:
    """Refuse to play where a loss would prove nothing. Raises Unfit."""
    connection = await stage.as_superuser("checkout")
    try:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            if await connection.fetchval(f"SHOW {setting}") != "on":
                raise Unfit(f"PostgreSQL's {setting} is off")
    finally:
        await connection.close()
    members = 1 if stage.cluster is None else len(NODES)
    for queue in (await stage.broker_api("GET", "queues")).json():
        if len(queue["members"]) != members:
            raise Unfit(f"the queue {queue['name']} has {len(queue['members'])} members instead of {members}")
        if not queue["durable"] or queue["type"] not in ("quorum", "stream"):
            raise Unfit(f"the queue {queue['name']} is {queue['type']}, durable: {queue['durable']}")
