"""Processes of the services die, freeze and restart (F1 to F3)."""

import asyncio
import signal
from random import Random

import psutil

from proof.chaos.faults import fault, proven
from proof.chaos.stage import Stage

FROZEN_SECONDS = 40.0
DIES_SECONDS_MAX = 45.0
# Where a process of this service passes under every load.
POINTS = {
    "checkout": ("K1", "K2", "K3", "K4", "K5", "K6", "K7", "K8", "K9"),
    "payments": ("K3", "K4", "K5", "K6", "K7", "K8", "K9", "K10", "K11", "K12", "K14", "K15"),
    "members": ("K3", "K4", "K5", "K6", "K7", "K8", "K9"),
    "notifications": ("K3", "K4", "K5", "K6", "K7", "K8", "K9", "K13"),
}


@fault("F1", "process killed", proof="another process number", over="its successor answers")
async def kill_process(stage: Stage, fate: Random) -> str:
    """Kill a replica as kill -9 does; sometimes both of a service at once."""
    names = fate.choice(list(stage.replicas.values()))
    victims = names if fate.random() < 0.2 else (fate.choice(names),)
    before = {name: await stage.pid_of(name) for name in victims}
    for name in victims:
        await asyncio.to_thread(stage.kill, name)
    after = {name: await _successor(stage, name, before[name]) for name in victims}
    return proven(all(before.values()), f"killed: {_moved(before, after)}")


@fault("F1k", "process dies at a named point", proof="exit code and its mark", over="its successor answers")
async def die_at_point(stage: Stage, fate: Random) -> str:
    """Let a replica end itself at one of the crash points, somewhere inside a unit of work."""
    service = fate.choice(list(stage.replicas))
    point = f"{fate.choice(POINTS[service])}:{fate.randint(1, 3)}"
    name = fate.choice(stage.replicas[service])
    doomed = await asyncio.to_thread(stage.doom, name, point)
    try:
        for _ in range(int(DIES_SECONDS_MAX / 0.1)):
            if not doomed.running:
                break
            await asyncio.sleep(0.1)
    finally:
        await asyncio.to_thread(stage.take_over, doomed)
    await stage.until(lambda: stage.live(name), f"{name} answers again")
    died = "died" if doomed.died_at_its_point else "did not die"
    return proven(doomed.died_at_its_point, f"{name} {died} at {point}")


@fault("F2", "process frozen", proof="its state while frozen", over="it is thawed")
async def freeze(stage: Stage, fate: Random) -> str:
    """Stop a replica for 40 s while its connections stay open, then let it go on as if nothing was."""
    name = fate.choice(stage.names)
    pid = await stage.pid_of(name)
    await asyncio.to_thread(stage.signal, name, signal.SIGSTOP)
    try:
        await asyncio.sleep(FROZEN_SECONDS)
        frozen = psutil.pid_exists(pid) and psutil.Process(pid).status() == psutil.STATUS_STOPPED
    finally:
        await asyncio.to_thread(stage.signal, name, signal.SIGCONT)
    return proven(frozen, f"{name} ({pid}) stood still for {FROZEN_SECONDS:.0f} s")


@fault("F3", "rolling restart", proof="other process numbers", over="both replicas are ready again")
async def roll(stage: Stage, fate: Random) -> str:
    """Restart the two replicas of a service one after the other, each in order (SIGTERM)."""
    names = fate.choice(list(stage.replicas.values()))
    before, after = {}, {}
    for name in names:
        before[name] = await stage.pid_of(name)
        await asyncio.to_thread(stage.signal, name, signal.SIGTERM)
        after[name] = await _successor(stage, name, before[name])
        await stage.until(lambda name=name: _is_ready(stage, name), f"{name} is ready again")  # type: ignore[misc]
    return proven(all(before.values()), f"restarted: {_moved(before, after)}")


async def _is_ready(stage: Stage, name: str) -> bool:
    return not await stage.complaints(name)


async def _successor(stage: Stage, name: str, before: int) -> int:
    """Wait until another process answers in place of the one that was; return its number."""
    after = 0

    async def is_another() -> bool:
        nonlocal after
        after = await stage.pid_of(name)
        return after not in (0, before) and await stage.live(name)

    await stage.until(is_another, f"{name} runs again", every=0.2)
    return after


def _moved(before: dict[str, int], after: dict[str, int]) -> str:
    return ", ".join(f"{name} {before[name]} → {after[name]}" for name in before)
