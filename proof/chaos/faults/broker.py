"""RabbitMQ restarts, crashes, is out of reach, is full, or is changed by hand (F5 to F14)."""

import asyncio
import re
import time
from datetime import UTC, datetime, timedelta
from random import Random
from urllib.parse import quote

from proof.chaos.faults import NotProven, fault, proven
from proof.chaos.stage import Stage

MEMORY_LIMIT = "512MB"
DISK_LIMIT = "200MB"
REPUBLISHED_FROM = timedelta(minutes=5)
# How long the broker waits for an acknowledgement, and how often it looks, in milliseconds.
PATIENCE = {"consumer_timeout": 12_000, "channel_tick_interval": 2_000}
VHOST = quote("/", safe="")


@fault("F5", "broker restarted", proof="it took no connections meanwhile", over="it takes connections")
async def restart(stage: Stage, fate: Random) -> str:
    """Stop RabbitMQ's application in order, and start it again after a while."""
    started = time.monotonic()
    await stage.rabbitmqctl("stop_app")
    try:
        away = not await stage.broker_answers()
        await asyncio.sleep(fate.uniform(1, 8))
    finally:
        await stage.rabbitmqctl("start_app")
    await stage.until(stage.broker_answers, "RabbitMQ takes connections")
    return proven(away, f"away for {time.monotonic() - started:.1f} s")


@fault("F6", "broker killed", proof="another process number", over="it takes connections")
async def kill(stage: Stage, fate: Random) -> str:
    """Kill RabbitMQ as kill -9 does; it boots with the data that it had."""
    before = await stage.pid_of("rabbitmq")
    started = time.monotonic()
    await asyncio.to_thread(stage.kill, "rabbitmq")
    await stage.until(lambda: _is_another(stage, before), "RabbitMQ runs again", every=0.3)
    await stage.until(stage.broker_answers, "RabbitMQ takes connections", every=0.3)
    after = await stage.pid_of("rabbitmq")
    return proven(before, f"{before} → {after}, booted in {time.monotonic() - started:.1f} s")


@fault("F7", "broker connections cut", proof="the proxy counted them", over="at once")
async def cut(stage: Stage, fate: Random) -> str:
    """Reset the connections to RabbitMQ, of one service or of all."""
    doors = fate.choice(["amqp-", *(f"amqp-{service}" for service in stage.replicas)])
    number = await stage.doors.cut(doors)
    return proven(number, f"{number} connections of {doors} reset")


@fault(
    "F7b",
    "broker closes all connections",
    proof="it listed them, and closed without complaint",
    over="at once",
)
async def close_all(stage: Stage, fate: Random) -> str:
    """Let RabbitMQ close every connection."""
    before = {one["name"] for one in (await stage.broker_api("GET", "connections")).json()}
    await stage.rabbitmqctl("close_all_connections", "chaos")
    return proven(before, f"{len(before)} connections closed")


@fault("F8", "broker in a black hole", proof="the proxy held bytes back", over="bytes flow again")
async def black_hole(stage: Stage, fate: Random) -> str:
    """Let nothing through to or from RabbitMQ for a while, without a word to either side."""
    doors = fate.choice(["amqp-", *(f"amqp-{service}" for service in stage.replicas)])
    hold, seconds = fate.choice(["to", "from", "both"]), fate.uniform(15, 40)
    async with stage.doors.following(doors, hold=hold) as since:
        await asyncio.sleep(seconds)
        held = await since.counted("bytes_held")
    return proven(held, f"{hold} {doors}: {held} bytes held back for {seconds:.0f} s")


@fault("F9", "memory alarm", proof="the node told the alarm", over="the alarm is over")
async def memory_alarm(stage: Stage, fate: Random) -> str:
    """Let RabbitMQ believe that it is out of memory, so that it takes nothing from publishers."""
    wish = ("set_vm_memory_high_watermark", "absolute")
    return await _alarm(stage, "mem_alarm", [*wish, "1"], [*wish, MEMORY_LIMIT], fate.uniform(5, 15))


@fault("F10", "disk alarm", proof="the node told the alarm", over="the alarm is over")
async def disk_alarm(stage: Stage, fate: Random) -> str:
    """Let RabbitMQ believe that its disk is full, so that it takes nothing from publishers."""
    wish = "set_disk_free_limit"
    seconds = fate.uniform(5, 15)
    return await _alarm(stage, "disk_free_alarm", [wish, "10000GB"], [wish, DISK_LIMIT], seconds)


async def _alarm(stage: Stage, alarm: str, on: list[str], off: list[str], seconds: float) -> str:
    async def told() -> bool:
        nodes = (await stage.broker_api("GET", "nodes")).json()
        return any(node[alarm] for node in nodes)

    async def silent() -> bool:
        return not await told()

    await stage.rabbitmqctl(*on)
    try:
        await stage.until(told, f"{alarm} is on", seconds=30, every=0.5)
        await asyncio.sleep(seconds)
    finally:
        await stage.rabbitmqctl(*off)
    await stage.until(silent, f"{alarm} is off", seconds=60, every=0.3)
    return f"{alarm} for {seconds:.0f} s"


@fault("F13", "queue deleted", proof="the broker did not know it", over="declared, and its events said again")
async def delete_queue(stage: Stage, fate: Random) -> str:
    """Delete the queue of a consumer with all that is in it; `topology` and saying again mend it."""
    queue = fate.choice(await _queues(stage))
    types = await _hears(stage, queue)
    await stage.broker_api("DELETE", f"queues/{VHOST}/{queue}")
    gone = (await stage.broker_api("GET", f"queues/{VHOST}/{queue}")).status_code == 404
    return proven(gone, await _mended(stage, queue, types, fate))


@fault(
    "F13b", "queue unbound", proof="the broker knew of no binding", over="bound, and its events said again"
)
async def unbind(stage: Stage, fate: Random) -> str:
    """Take a consumer's queue from the exchange; `topology` and saying again mend it."""
    queue = fate.choice(await _queues(stage))
    types = await _hears(stage, queue)
    for one in (await stage.broker_api("GET", f"queues/{VHOST}/{queue}/bindings")).json():
        if one["source"]:
            path = f"bindings/{VHOST}/e/{one['source']}/q/{queue}/{one['properties_key']}"
            await stage.broker_api("DELETE", path)
    gone = not await _hears(stage, queue)
    return proven(gone and types, await _mended(stage, queue, types, fate))


async def queues_hearing(stage: Stage) -> list[tuple[str, str, str]]:
    """Return all that consumers hear: (queue, exchange, event type)."""
    found = (await stage.broker_api("GET", f"bindings/{VHOST}")).json()
    queues = await _queues(stage)
    return sorted(
        (one["destination"], one["source"], one["routing_key"])
        for one in found
        if one["source"] and one["destination"] in queues
    )


async def _queues(stage: Stage) -> list[str]:
    """Return the queues of consumers."""
    found = (await stage.broker_api("GET", "queues")).json()
    names = [one["name"] for one in found]
    return sorted(name for name in names if f"{name}.dead" in names)


async def _hears(stage: Stage, queue: str) -> list[tuple[str, str]]:
    """Return what a queue is bound to: (service that says it, event type)."""
    found = (await stage.broker_api("GET", f"queues/{VHOST}/{queue}/bindings")).json()
    return [(one["source"].removesuffix(".events"), one["routing_key"]) for one in found if one["source"]]


async def _mended(stage: Stage, queue: str, types: list[tuple[str, str]], fate: Random) -> str:
    """Wait, then do what the operator does: declare the topology and say again what may have been lost."""
    since = datetime.now(UTC) - REPUBLISHED_FROM
    await asyncio.sleep(fate.uniform(1, 20))
    await asyncio.to_thread(stage.native.declare_topology)
    again = 0
    for service, type_ in types:
        connection = await stage.as_superuser(service)
        try:
            done = await connection.execute(
                "UPDATE outbox SET published_at = NULL, leased_until = NULL"
                " WHERE type = $1 AND published_at >= $2",
                type_,
                since,
            )
        finally:
            await connection.close()
        again += int(done.split()[-1])
    return f"{queue} was gone, {again} events said again"


@fault("F14", "permission taken away", proof="the broker refused", over="it is given back")
async def revoke(stage: Stage, fate: Random) -> str:
    """Take a service's rights at the broker away, cut its connections, and give the rights back."""
    service = fate.choice(list(stage.replicas))
    path = f"permissions/{VHOST}/{service}"
    had = (await stage.broker_api("GET", path)).json()
    await stage.broker_api("DELETE", path)
    try:
        gone = (await stage.broker_api("GET", path)).status_code == 404
        await stage.doors.cut(f"amqp-{service}")
        await asyncio.sleep(fate.uniform(5, 20))
        complaints = await stage.complaints(*stage.replicas[service])
    finally:
        rights = {name: had[name] for name in ("configure", "write", "read")}
        await stage.broker_api("PUT", path, rights)
    if not gone:
        raise NotProven(f"{service} kept its rights")
    return f"{service} had none; {len(complaints)} of its replicas said that they were not ready"


@fault(
    "F15",
    "acknowledgement timeout",
    proof="RabbitMQ's log says so",
    over="the usual timeout holds again",
)
async def acknowledge_late(stage: Stage, fate: Random) -> str:
    """Let RabbitMQ lose patience with a service's consumers while their handlers wait for a lock."""
    service = fate.choice(list(stage.replicas))
    log = stage.site.logs / "rabbitmq.log"
    usual = await _patience(stage)
    heard_before = log.stat().st_size

    async def lost_patience() -> int:
        said = (await asyncio.to_thread(log.read_bytes))[heard_before:]
        return said.count(b"timed out waiting for delivery acknowledgement")

    try:
        await _set_patience(stage, PATIENCE)
        # Channels ask for it when they are opened.
        await stage.doors.cut(f"amqp-{service}")
        connection = await stage.as_superuser(service)
        try:
            async with connection.transaction():
                await connection.execute("LOCK TABLE inbox IN ACCESS EXCLUSIVE MODE")
                await stage.until(
                    lost_patience, f"a consumer of {service} is given up", seconds=60, every=0.5
                )
        finally:
            await connection.close(timeout=5)
    finally:
        await _set_patience(stage, usual)
        await stage.doors.cut(f"amqp-{service}")
    return f"{await lost_patience()} channels of {service} closed"


async def _patience(stage: Stage) -> dict[str, int]:
    """Return what the settings named in PATIENCE are now."""
    names = ", ".join(PATIENCE)
    said = await stage.rabbitmqctl("eval", f"[element(2, application:get_env(rabbit, K)) || K <- [{names}]].")
    return dict(zip(PATIENCE, map(int, re.findall(r"\d+", said)), strict=True))


async def _set_patience(stage: Stage, milliseconds: dict[str, int]) -> None:
    pairs = ", ".join(f"{{{name}, {value}}}" for name, value in milliseconds.items())
    await stage.rabbitmqctl("eval", f"[application:set_env(rabbit, K, V) || {{K, V}} <- [{pairs}]].")


async def _is_another(stage: Stage, before: int) -> bool:
    return await stage.pid_of("rabbitmq") not in (0, before)
