"""Disks are really full (F11, F20). Broker and database have small ones of their own, where they can be mounted."""

import asyncio
from random import Random

from proof.chaos.disks import FULL_BYTES_MAX, NEEDED
from proof.chaos.faults import NotProven, fault, proven
from proof.chaos.stage import NotInTime, Stage

ALARM_SECONDS_MAX = 40.0
QUEUES_SECONDS_MAX = 30.0
"""So long its queues may stay down once there is room again, before the node is restarted as docs/running.md says."""
NOTICED_SECONDS_MAX = 60.0
# Below the broker's own limit of 200 MB, so that it stops publishers before the rest is taken too.
BELOW_ALARM_BYTES = 150 * 2**20
NO_SPACE = "No space left on device"
ON_SMALL_DISKS = frozenset({"F11", "F20"})


@fault(
    "F11",
    "broker's disk full",
    proof="no byte was free, and the node told the alarm",
    over="it takes messages",
)
async def broker_disk(stage: Stage, fate: Random) -> str:
    """Fill the disk of RabbitMQ to the last byte; it is started again if that ended it, or all its queues."""
    _require(stage, "rabbitmq")

    async def told() -> bool:
        nodes = (await stage.broker_api("GET", "nodes")).json()
        return any(node["disk_free_alarm"] for node in nodes)

    async def silent() -> bool:
        return not await told()

    before = await stage.pid_of("rabbitmq")
    try:
        await asyncio.to_thread(stage.disks.fill, "rabbitmq", leave_bytes=BELOW_ALARM_BYTES)
        await stage.until(told, "the disk alarm is on", seconds=ALARM_SECONDS_MAX, every=0.5)
        await asyncio.to_thread(stage.disks.fill, "rabbitmq")
        free = stage.disks.free_bytes("rabbitmq")
        await asyncio.sleep(fate.uniform(5, 15))
    finally:
        await asyncio.to_thread(stage.disks.empty, "rabbitmq")
    await asyncio.to_thread(stage.native.supervisor.start_process, "rabbitmq")
    await stage.until(stage.broker_answers, "RabbitMQ takes connections")
    await stage.until(silent, "the disk alarm is off", every=0.3)
    ended = "" if await stage.pid_of("rabbitmq") == before else ", the node ended and was started again"
    restarted = await _restart_if_queues_stay_down(stage)
    return proven(free < FULL_BYTES_MAX, f"alarm, then {free} bytes free{ended}{restarted}")


@fault("F20", "PostgreSQL's disk full", proof="its log says so", over="it takes connections")
async def database_disk(stage: Stage, fate: Random) -> str:
    """Fill the disk of PostgreSQL until a write has failed, and some seconds more."""
    _require(stage, "postgres")
    log = stage.site.logs / "postgres.log"
    heard_before = log.stat().st_size
    before = await stage.pid_of("postgres")

    async def failed() -> int:
        return await asyncio.to_thread(_said_since, stage, heard_before)

    try:
        await asyncio.to_thread(stage.disks.fill, "postgres")
        free = stage.disks.free_bytes("postgres")
        await stage.until(failed, "a write has failed", seconds=NOTICED_SECONDS_MAX)
        await asyncio.sleep(fate.uniform(5, 15))
    finally:
        await asyncio.to_thread(stage.disks.empty, "postgres")
    await asyncio.to_thread(stage.native.supervisor.start_process, "postgres")
    await stage.until(stage.database_answers, "PostgreSQL takes connections")
    ended = "" if await stage.pid_of("postgres") == before else ", it ended and was started again"
    return f"{free} bytes free, {await failed()} writes failed{ended}"


async def _restart_if_queues_stay_down(stage: Stage) -> str:
    """Do what staff would do: a node whose queues ended for want of space brings them back only when it boots."""

    async def up() -> bool:
        queues = (await stage.broker_api("GET", "queues")).json()
        return all(queue.get("state") != "down" for queue in queues)

    try:
        await stage.until(up, "the queues are up", seconds=QUEUES_SECONDS_MAX, every=0.5)
    except NotInTime:
        await asyncio.to_thread(stage.native.supervisor.stop_process, "rabbitmq")
        await asyncio.to_thread(stage.native.supervisor.start_process, "rabbitmq")
        await stage.until(stage.broker_answers, "RabbitMQ takes connections")
        await stage.until(up, "the queues are up after a restart", every=0.5)
        return ", its queues stayed down until the node was restarted"
    return ""


def _require(stage: Stage, name: str) -> None:
    if not stage.disks.mounted(name):
        raise NotProven(NEEDED)


def _said_since(stage: Stage, position: int) -> int:
    """How often PostgreSQL wrote into its log, after ``position``, that the disk is full."""
    with (stage.site.logs / "postgres.log").open("rb") as stream:
        stream.seek(position)
        return stream.read().count(NO_SPACE.encode())
