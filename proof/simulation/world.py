"""One run: a seed, its processes and people, its troubles; then calm, and the promises are checked."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from proof.journal import Journal
from proof.promises import check_all
from proof.simulation.broker import Broker
from proof.simulation.chance import Chance
from proof.simulation.gateway import Gateway, Providers
from proof.simulation.loop import SimulatedLoop, StandStill
from proof.simulation.mail_server import SimulatedMailServer
from proof.simulation.nodes import CURRENT, Died, Node, living
from proof.simulation.parts import Parts
from proof.simulation.seen import SeenWorld, complaints, left_held
from proof.simulation.services import METADATA, Services
from proof.simulation.store import Store
from proof.simulation.trace import Trace
from shared import clock
from shared.crash import watch_passes
from shared.ids import ids

BEGIN = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
REST_SECONDS_MAX = 1500.0
LEAPS_MAX = 60
"""Several notices, each asked about at growing pauses, need some."""
LEAPS = (timedelta(minutes=12), timedelta(hours=25))
"""Leaps of the shop's clock at the end: what was lost is asked for again after ten minutes, money that nobody
waited for after a day."""

_DUE = {
    "checkout": "SELECT count(*) FROM outbox WHERE published_at IS NULL",
    "payments": "SELECT (SELECT count(*) FROM outbox WHERE published_at IS NULL)"
    " + (SELECT count(*) FROM payment_requests WHERE due_at <= $1)"
    " + (SELECT count(*) FROM payments WHERE due_at <= $1) + (SELECT count(*) FROM notices WHERE due_at <= $1)",
    "members": "SELECT (SELECT count(*) FROM outbox WHERE published_at IS NULL)"
    " + (SELECT count(*) FROM benefit_reservations WHERE due_at <= $1)"
    " + (SELECT count(*) FROM point_grants WHERE due_at <= $1)",
    "notifications": "SELECT (SELECT count(*) FROM outbox WHERE published_at IS NULL)"
    " + (SELECT count(*) FROM mails WHERE due_at <= $1)",
}
# When something is due that is still to come. A buyer who never comes back is asked about for a day, and so is a
# hold that may come late.
_NEXT_DUE = {
    "payments": "SELECT min(due_at) FROM (SELECT r.due_at FROM payment_requests r JOIN payments p"
    " USING (payment_id) WHERE p.state NOT IN ('waiting_for_buyer', 'voided') UNION ALL SELECT due_at FROM notices) AS due",
    "members": "SELECT min(due_at) FROM benefit_reservations",
    "notifications": "SELECT min(due_at) FROM mails",
}


@dataclass
class Ticking:
    """The shop's clock: simulated seconds, and never the same moment twice."""

    loop: SimulatedLoop
    looks: int = 0

    def __call__(self) -> datetime:
        """Return the present moment."""
        self.looks += 1
        return BEGIN + timedelta(seconds=self.loop.seconds, microseconds=self.looks)


@dataclass(frozen=True)
class Outcome:
    """What became of one seed."""

    seed: int
    digest: str
    lines: int
    orders: int
    happened: Counter[str] = field(compare=False)
    broken: Sequence[str] = ()
    looked_at: Counter[str] = field(default_factory=Counter, compare=False)


class World:
    """Everything of one run, for those who act in it."""

    def __init__(
        self,
        seed: int,
        *,
        loop: SimulatedLoop,
        stores: Mapping[str, Store],
        gateway: Gateway,
        parts: Parts,
        folder: Path,
        show: Callable[[str], None] | None,
    ) -> None:
        self.seed = seed
        self.loop = loop
        self.stores = stores
        self.gateway = gateway
        self.chance = Chance(seed, strong=parts.strong, calm=parts.calm)
        self.trace = Trace(loop.time, show)
        self.parts = parts
        self.broker = Broker(loop, self.chance, self.trace)
        self.providers = Providers(self.chance, self.trace)
        self.mail_server = SimulatedMailServer(self.chance, self.trace)
        self.services = Services(parts, gateway, self.mail_server)
        self.journal = Journal(folder / "journal.jsonl")
        self.orders: list[str] = []
        self.nodes: dict[str, list[Node]] = {}
        self._busy = "checkout"

    def build(self) -> None:
        """Declare the queues and start the processes: one or two of each service."""
        for service in METADATA:
            self.broker.declare(self.services.consumers(service))
        for service, store in self.stores.items():
            replicas = 2 if self.chance.happens(0.35) else 1
            self.nodes[service] = [
                Node(
                    f"{service}.{number}",
                    self.services.starter(service),
                    store=store,
                    broker=self.broker,
                    loop=self.loop,
                    chance=self.chance,
                    trace=self.trace,
                )
                for number in range(1, replicas + 1)
            ]
            store.commit_lost = lambda: self.chance.happens(
                self.chance.dangers.lost_commit, "COMMIT's answer lost"
            )
            store.late = lambda: self.chance.happens(self.chance.dangers.late_commit, "late commit")
        for node in self.all_nodes():
            node.start()

    def all_nodes(self) -> list[Node]:
        """Return all processes."""
        return [node for nodes in self.nodes.values() for node in nodes]

    def node(self, service: str) -> Node:
        """Return a living process of ``service``."""
        return living(self.nodes[service], self.chance)

    def passes(self, name: str) -> None:
        """Decide, at a crash point, whether the process dies."""
        life = CURRENT.get()
        node = next((one for one in self.all_nodes() if one.life is life), None)
        if node is None:
            if life is not None:
                raise Died
            return
        if life is not None and life.is_over:
            raise Died
        if self.chance.happens(self.chance.dangers.crash, f"crash at {name}"):
            node.die(name)
            raise Died

    async def rest(self) -> None:
        """Wait until nothing is under way. Raises StandStill if that never comes."""
        deadline = self.loop.time() + REST_SECONDS_MAX
        found = ""
        while self.loop.time() < deadline:
            await asyncio.sleep(2)
            calls = self.providers.under_way or self.providers.amazon.undecided
            if calls or not self.broker.is_at_rest():
                found = "messages or calls are under way"
                continue
            found = await self._due()
            if not found:
                return
        raise StandStill(f"never comes to rest: {found}")

    async def _due(self) -> str:
        # Who was busy last is most likely to be busy still, and one answer is enough.
        for service in sorted(_DUE, key=lambda service: service != self._busy):
            statement = _DUE[service]
            values = () if service == "checkout" else (clock.now(),)
            async with self.loop.world_stopped():
                [[count]] = await self.stores[service].rows(statement, *values)
            if count:
                self._busy = service
                return f"{count} rows of {service} are due"
        return ""

    async def last_things(self) -> None:
        """Let the shop's clock leap from due time to due time until nothing is left to come."""
        for leap in LEAPS:
            clock.clock.move(leap)
            await self._leap_until_nothing_comes()

    async def _leap_until_nothing_comes(self) -> None:
        for _ in range(LEAPS_MAX):
            for node in self.all_nodes():
                node.wake()
            await self.rest()
            async with self.loop.world_stopped():
                dues = [
                    (await self.stores[service].rows(statement))[0][0]
                    for service, statement in _NEXT_DUE.items()
                ]
            coming = min((due for due in dues if due is not None), default=None)
            if coming is None:
                return
            clock.clock.move(max(coming - clock.now(), timedelta(0)) + timedelta(seconds=1))
        raise StandStill("something is always still to come")

    async def check(self) -> tuple[list[str], Counter[str]]:
        """Check all promises; return what is broken and how often each was looked at."""
        async with self.loop.world_stopped():
            seen = SeenWorld(self.stores, self.broker, self.providers, self.mail_server, self.journal.file)
            verdicts = await check_all(seen)
            held = await left_held(seen, self.providers)
        broken = [
            f"{verdict.promise.id} {violation}" for verdict in verdicts for violation in verdict.violations
        ]
        broken += [f"M2 {still}" for still in held]
        broken += [f"G1 {complaint}" for complaint in complaints(self.providers)]
        return broken, Counter({verdict.promise.id: verdict.looked_at for verdict in verdicts})


async def live(world: World, play: Callable[[World], Awaitable[None]]) -> Outcome:
    """Run ``world``: people ``play``, then calm, rest and the checks."""
    before = ids.make, random.getstate()
    clock.clock.source = Ticking(world.loop)
    ids.make = world.chance.uuid
    random.seed(world.seed)
    watch_passes(world.passes)
    world.gateway.connect(world.providers)
    world.journal.file.unlink(missing_ok=True)
    async with world.loop.world_stopped():
        for store in world.stores.values():
            await store.begin()
    broken: list[str] = []
    looked_at: Counter[str] = Counter()
    try:
        world.build()
        await play(world)
        world.chance.calm_down()
        await world.rest()
        await world.last_things()
        broken, looked_at = await world.check()
    except StandStill as error:
        broken = [f"L1 {error}"]
    finally:
        await _end(world)
        ids.make = before[0]
        random.setstate(before[1])
    return Outcome(
        world.seed,
        world.trace.digest,
        world.trace.lines,
        len(world.orders),
        world.chance.happened,
        broken,
        looked_at,
    )


async def _end(world: World) -> None:
    watch_passes(None)
    lives = [node.life for node in world.all_nodes()]
    for life in lives:
        life.end()
    tasks = [task for life in lives for task in life.tasks]
    if tasks:
        await asyncio.wait(tasks)
    async with world.loop.world_stopped():
        for store in world.stores.values():
            store.commit_lost = store.late = lambda: False
            await store.end()
    clock.clock.reset()
