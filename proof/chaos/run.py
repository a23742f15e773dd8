"""One run of chaos, from an empty installation to the report."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from random import Random

import asyncpg
import httpx
from rich.console import Console

from proof.chaos.accounts import accounts
from proof.chaos.canary import Canary, Recovery, well_again
from proof.chaos.crowd import PIECES_MAX, Crowd
from proof.chaos.faults import Fault, NotProven
from proof.chaos.report import Injection, Report, surroundings
from proof.chaos.schedule import PAUSE_SECONDS, Turn, turns
from proof.chaos.stage import NotInTime, Stage
from proof.journal import Journal
from proof.load import Load
from proof.observers import Outside
from proof.promises import check_all
from proof.settled import NotSettled, settled

WARM_UP_SECONDS = 5.0
PATIENCE_SECONDS = 300.0
SETTLE_SECONDS_MAX = 420.0
# What a strike may fail with besides NotProven: its own tools do not answer.
FAILED = (NotProven, NotInTime, OSError, httpx.HTTPError, asyncpg.PostgresError, asyncpg.InterfaceError)


class Unfit(Exception):
    """The installation is not one on which chaos would prove anything."""


@dataclass
class Run:
    """``seconds`` of load at ``rate`` orders per second, in rounds after each of which all is checked."""

    stage: Stage
    report: Report
    console: Console
    faults: list[Fault]
    rate: float
    seconds: float
    round_seconds: float
    pairs: float = 0.0
    pause_seconds: tuple[float, float] = PAUSE_SECONDS
    _began: float = field(default_factory=time.monotonic)

    async def run(self) -> None:
        """Start everything anew and play; leaves what it found in the report. Raises CannotRun, Unfit."""
        await self.stage.rise()
        await fit(self.stage)
        self.report.surroundings = await surroundings(self.stage)
        journal = Journal(self.stage.site.data / "journal.jsonl")
        environment = {**self.stage.environment, "PROOF_JOURNAL": str(journal.file)}
        async with AsyncExitStack() as exits:
            outside = await exits.enter_async_context(Outside.of(environment))
            await outside.broker.tap.lay()
            fate = Random(self.report.seed)
            load = Load(self.stage, outside, journal, fate=fate, patience_seconds=PATIENCE_SECONDS)
            exits.push_async_callback(load.close)
            await self.play(outside, load)

    async def play(self, outside: Outside, load: Load) -> None:
        """Let load and faults loose in rounds; after each all settles and is checked."""
        pieces = min(PIECES_MAX, int(self.rate * self.round_seconds) + 1)
        crowd = Crowd(load, self.rate, pieces)
        await crowd.opens()
        schedule: Iterator[Turn] = turns(
            self.faults, self.report.seed, pairs=self.pairs, pause_seconds=self.pause_seconds
        )
        self._began = time.monotonic()
        while (left := self.seconds - self.report.seconds) > 0:
            await self._round(crowd, schedule, min(left, self.round_seconds))
            await self._check(outside, crowd)

    async def _round(self, crowd: Crowd, schedule: Iterator[Turn], seconds: float) -> None:
        """Load and faults for so long; returns when all who ordered have gone home."""
        stop, began = asyncio.Event(), time.monotonic()
        inside = asyncio.create_task(crowd.run(stop))
        try:
            await asyncio.sleep(WARM_UP_SECONDS)
            while time.monotonic() - began < seconds:
                await self._turn(crowd, next(schedule))
            stop.set()
            await inside
        finally:
            inside.cancel()
            self.report.seconds += time.monotonic() - began

    async def _turn(self, crowd: Crowd, turn: Turn) -> None:
        """Some peace, one strike, and the time until the shop is well again."""
        await asyncio.sleep(turn.pause_seconds)
        journal, began = crowd.load.journal, time.monotonic()
        canary = await Canary.prepared(crowd.load)
        unserved = journal.unserved
        struck = await asyncio.gather(*(self._strike(fault, seed) for fault, seed in turn.faults))
        recovery: Recovery | None = None
        try:
            recovery = await well_again(self.stage, canary)
        except NotInTime as error:
            self.report.troubles.append(f"{', '.join(one.fault for one in struck)}: {error}")
        for one in struck:
            told = replace(
                one,
                at=round(began - self._began, 1),
                recovery=round(recovery.seconds, 2) if recovery is not None and one.proven else None,
                ready=round(recovery.ready, 2) if recovery is not None else None,
                authorized=round(recovery.authorized, 2) if recovery is not None else None,
                recovered=recovery is not None,
                unserved=journal.unserved - unserved,
                together=len(struck) > 1,
            )
            self.report.injections.append(told)
            self._tell(told)

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
        report = self.report
        try:
            await settled(outside, seconds_max=SETTLE_SECONDS_MAX)
        except NotSettled as error:
            report.troubles.append(str(error))
        dead = await outside.broker.dead_letters()
        report.troubles += [
            f"dead letter of {one.consumer}: {dict(one.headers)}"
            for one in dead
            if one.event_id not in self.stage.forged
        ]
        report.troubles += crowd.troubles
        crowd.troubles = []
        report.verdicts = await check_all(outside)
        report.accounts = await accounts(outside, report.verdicts, unexpected=len(report.troubles))
        broken = sum(len(one.violations) for one in report.verdicts)
        self.console.print(
            f"checked after {report.seconds:.0f} s: {report.accounts.acknowledged} orders,"
            f" {broken} violations, {len(report.troubles)} troubles",
            highlight=False,
        )

    def _tell(self, one: Injection) -> None:
        took = f"ready after {one.ready} s, order after {one.authorized} s" if one.recovered else "not well"
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
    for queue in (await stage.broker_api("GET", "queues")).json():
        if not queue["durable"] or queue["type"] not in ("quorum", "stream"):
            raise Unfit(f"the queue {queue['name']} is {queue['type']}, durable: {queue['durable']}")
