"""A cluster of three brokers is split, or loses one (F12).

Each strike but the shortest lasts until the nodes have noticed: whoever is in a minority pauses. A probe at each
node publishes meanwhile. What the cut-off ones confirm, and what becomes of all that was confirmed, is part of
the proof, as is that the services work again while the cut lasts, where a majority is left for them.
"""

import asyncio
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from random import Random

from proof.chaos.cluster import Cluster
from proof.chaos.faults import NotProven, fault, proven
from proof.chaos.network import HOST, NEEDED, NODES, Cut, apart, line, majority, minority, ring
from proof.chaos.probe import Probes, kept, probing
from proof.chaos.stage import NotInTime, Stage

ON_CLUSTER = frozenset({"F12", "F12h", "F12r", "F12s", "F12k"})
# What a node writes when it has seen that it is in a minority, or that its cluster is split in part.
PAUSES = (b"Cluster minority/secondary status detected", b"We will therefore pause")
NOTICED_SECONDS_MAX = 60.0
QUIET_AT_LAST_SECONDS = 5.0
MOVED_SECONDS_MAX = 60.0
BACK_SECONDS_MAX = 100.0
RESTARTED_SECONDS_MAX = 200.0
WHOLE_AGAIN = "all nodes see each other, and every queue has all its members"
SPLIT_PROOF = "packets were dropped, the minority paused and confirmed nothing, the others did"


@fault("F12", "cluster: a node alone", proof=SPLIT_PROOF, over=WHOLE_AGAIN)
async def isolate(stage: Stage, fate: Random) -> str:
    """Cut one of three broker nodes off from the others, while clients still reach it."""
    node = fate.choice(NODES)
    return await _split(stage, apart([node], _others(node)), f"{node} alone", fate.uniform(20, 45))


@fault("F12h", "cluster: halves", proof=SPLIT_PROOF, over=WHOLE_AGAIN)
async def halve(stage: Stage, fate: Random) -> str:
    """Cut one of three broker nodes off from the others and from all clients, as when a building is cut off."""
    node = fate.choice(NODES)
    cuts = apart([node], [HOST, *_others(node)])
    return await _split(stage, cuts, f"{node} and the way to it", fate.uniform(20, 45))


@fault(
    "F12r",
    "cluster: majority ring",
    proof="packets were dropped, nodes paused, nothing was confirmed",
    over=WHOLE_AGAIN,
)
async def majority_ring(stage: Stage, fate: Random) -> str:
    """Let each node hear a majority, but no two the same: each deaf to one other, or one link of three cut."""
    middle = fate.choice(NODES)
    cuts, name = fate.choice([(ring(), "each deaf to the next"), (line(middle), f"only {middle} hears both")])
    return await _split(stage, cuts, name, fate.uniform(35, 50))


@fault(
    "F12s",
    "cluster: a short split",
    proof="packets were dropped, the node confirmed nothing",
    over=WHOLE_AGAIN,
)
async def blink(stage: Stage, fate: Random) -> str:
    """Cut one of three broker nodes off for seconds, so that it is over before any node gives up another."""
    node, seconds = fate.choice(NODES), fate.uniform(2.5, 5)
    return await _split(stage, apart([node], _others(node)), f"{node} alone", seconds, noticed=False)


@fault("F12k", "cluster: a node killed", proof="another process number", over=WHOLE_AGAIN)
async def kill_node(stage: Stage, fate: Random) -> str:
    """Kill one of three broker nodes as kill -9 does; it boots with the data that it had."""
    cluster = _cluster(stage)
    node = fate.choice(NODES)
    async with cluster.one_at_a_time, probing(cluster, stage.amqp_url, _others(node)) as probes:
        before = await stage.pid_of(cluster.name(node))
        began = time.monotonic()
        await asyncio.to_thread(stage.kill, cluster.name(node))
        mended = await _whole(stage, cluster)
        ended = time.monotonic()
        after = await stage.pid_of(cluster.name(node))
        there = await kept(stage.amqp_url)
    asked = probes.of(_others(node))
    said = (
        f"{cluster.name(node)} {before} → {after}, whole after {ended - began:.1f} s{mended},"
        f" the others silent for {asked.silence(began, ended):.1f} s at most,"
        f" {asked.confirmed(0, ended)} probes confirmed, {there} kept"
    )
    return proven(before not in (0, after) and there >= asked.confirmed(0, ended), said)


@dataclass
class _Split:
    """One split and what it has shown; moments are those of the monotonic clock."""

    cuts: list[Cut]
    began: float = 0
    healed: float = 0
    dropped: int = 0
    paused: tuple[int, ...] = ()
    paused_at: float | None = None
    moved_at: float | None = None
    whole_at: float = 0
    kept: int = 0
    mended: str = ""

    @property
    def most(self) -> list[int]:
        """The majority that goes on, if there is one."""
        return majority(self.cuts)

    @property
    def quiet(self) -> tuple[list[int], float]:
        """Who must confirm nothing, and from when on: the cut off at once, all where none is left to go on.

        In a line the one in the middle makes a majority with each of the others until these have paused, which
        takes them some seconds more than to say so.
        """
        alone = minority(self.cuts)
        return (alone, self.began) if alone else (list(NODES), self.healed - QUIET_AT_LAST_SECONDS)

    def holds(self, probes: Probes, *, noticed: bool) -> bool:
        """Tell whether all took place that should, and nothing that should not."""
        nodes, since = self.quiet
        return (
            self.dropped > 0
            and (bool(self.paused) or not noticed)
            and not probes.of(nodes).confirmed(since, self.healed)
            and (not self.most or not noticed or probes.of(self.most).confirmed(self.began, self.healed) > 0)
            and self.kept >= probes.of(NODES).confirmed(0, self.whole_at)
        )

    def told(self, probes: Probes) -> str:
        """Return the evidence."""
        nodes, since = self.quiet
        quiet = probes.of(nodes)
        said = [f"cut for {self.healed - self.began:.0f} s, {self.dropped} packets dropped"]
        if self.paused_at is not None:
            said.append(f"{_names(self.paused)} paused after {self.paused_at - self.began:.1f} s")
        tried, wrong = quiet.tried(since, self.healed), quiet.confirmed(since, self.healed)
        said.append(f"{_names(nodes)} confirmed {wrong} of {tried} from {since - self.began:.1f} s on")
        if self.most:
            others = probes.of(self.most)
            silent = others.silence(self.began, self.healed)
            said.append(
                f"the majority {others.confirmed(self.began, self.healed)}, silent for {silent:.1f} s at most"
            )
            if self.paused:
                said.append(
                    "not all replicas were ready while it lasted"
                    if self.moved_at is None
                    else f"all replicas worked with it after {self.moved_at - self.began:.1f} s"
                )
        confirmed = probes.of(NODES).confirmed(0, self.whole_at)
        said.append(f"whole {self.whole_at - self.healed:.1f} s after healing{self.mended}")
        said.append(f"{confirmed} probes confirmed, {self.kept} kept")
        return ", ".join(said)


async def _split(stage: Stage, cuts: list[Cut], name: str, seconds: float, *, noticed: bool = True) -> str:
    """Cut for so long, and longer where nodes take their time to notice; heal, and tell what was seen."""
    cluster, split = _cluster(stage), _Split(cuts)
    async with cluster.one_at_a_time, probing(cluster, stage.amqp_url, NODES) as probes:
        await stage.until(probes.all_confirm, "every node confirms")
        heard = {node: cluster.log(node).stat().st_size for node in NODES}
        try:
            await asyncio.to_thread(cluster.network.cut, cuts)
            split.began = time.monotonic()
            if noticed:
                await _watch(stage, cluster, split, heard)
            await asyncio.sleep(max(0.0, split.began + seconds - time.monotonic()))
            split.dropped = await asyncio.to_thread(cluster.network.dropped)
        finally:
            split.healed = time.monotonic()
            await asyncio.to_thread(cluster.network.heal)
        split.mended = await _whole(stage, cluster)
        # What is confirmed from now on may not have been there yet when it is counted.
        split.whole_at = time.monotonic()
        split.kept = await kept(stage.amqp_url)
    return proven(split.holds(probes, noticed=noticed), f"{name}: {split.told(probes)}")


async def _watch(stage: Stage, cluster: Cluster, split: _Split, heard: dict[int, int]) -> None:
    """Wait until nodes have paused and, where there is a majority, all services work with it."""
    most, alone = set(split.most), set(minority(split.cuts))
    # In a line only the two ends pause.
    pausing = len(alone) or len(NODES) - 1

    async def noticed() -> bool:
        found = await asyncio.to_thread(_paused, cluster, heard)
        split.paused = tuple(sorted(found))
        return len(found) >= pausing

    async def others_know() -> bool:
        found = [await asyncio.to_thread(cluster.running, node) for node in most]
        return all(one == most for one in found)

    async def moved() -> bool:
        return set(await asyncio.to_thread(cluster.sessions)) == most

    await stage.until(noticed, "the minority pauses", seconds=NOTICED_SECONDS_MAX, every=0.5)
    split.paused_at = time.monotonic()
    if most:
        await stage.until(others_know, "the majority says who is left", seconds=NOTICED_SECONDS_MAX)
        await stage.until(moved, "no client is with the minority", seconds=MOVED_SECONDS_MAX)
        with suppress(NotInTime):
            await stage.until(stage.all_ready, "all are ready", seconds=MOVED_SECONDS_MAX)
            split.moved_at = time.monotonic()


async def _whole(stage: Stage, cluster: Cluster) -> str:
    """Wait until the cluster is whole; restart who does not come back, as an operator would, and tell it.

    RabbitMQ before 3.11.1, on Erlang from 25.1 on, may wait for ever when it starts after a pause
    (rabbitmq-server#6034).
    """

    async def whole() -> bool:
        return await asyncio.to_thread(cluster.whole)

    try:
        await stage.until(whole, WHOLE_AGAIN, seconds=BACK_SECONDS_MAX, every=0.5)
        return ""
    except NotInTime:
        away = [node for node in NODES if not await asyncio.to_thread(cluster.running, node)]
        for node in away:
            await asyncio.to_thread(stage.kill, cluster.name(node))
    await stage.until(whole, WHOLE_AGAIN, seconds=RESTARTED_SECONDS_MAX, every=0.5)
    return f" ({_names(away)} did not come back, and had to be restarted)"


def _names(nodes: Iterable[int]) -> str:
    return " and ".join(map(str, nodes))


def _paused(cluster: Cluster, heard: dict[int, int]) -> set[int]:
    """Return who has written, since so many bytes, that it pauses."""
    found = set()
    for node, position in heard.items():
        with cluster.log(node).open("rb") as stream:
            stream.seek(position)
            said = stream.read()
        if any(words in said for words in PAUSES):
            found.add(node)
    return found


def _cluster(stage: Stage) -> Cluster:
    if stage.cluster is None:
        raise NotProven(f"needs a cluster of brokers, which {NEEDED}")
    return stage.cluster


def _others(node: int) -> list[int]:
    return [one for one in NODES if one != node]
