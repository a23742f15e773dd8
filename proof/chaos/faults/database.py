"""PostgreSQL restarts, is away, is slow or silent, loses answers, holds locks (F16 to F19, F23)."""

import asyncio
import time
from random import Random

import asyncpg

from proof.chaos.faults import fault, proven
from proof.chaos.stage import Stage

LOCKED_SECONDS = 13.0
HOT = {
    "checkout": ("orders", "stock", "outbox", "inbox"),
    "payments": ("payments", "payment_requests", "outbox", "inbox"),
    "members": ("point_balances", "outbox", "inbox"),
    "notifications": ("mails", "outbox", "inbox"),
}


@fault("F8d", "database in a black hole", proof="the proxy held bytes back", over="bytes flow again")
async def black_hole(stage: Stage, fate: Random) -> str:
    """Let nothing through to or from a service's database for a while, without a word to either side."""
    doors = f"postgres-{fate.choice(list(stage.replicas))}"
    hold, seconds = fate.choice(["to", "from", "both"]), fate.uniform(10, 30)
    async with stage.doors.following(doors, hold=hold) as since:
        await asyncio.sleep(seconds)
        held = await since.counted("bytes_held")
    return proven(held, f"{hold} {doors}: {held} bytes held back for {seconds:.0f} s")


@fault("F16", "PostgreSQL restarted", proof="another process number", over="it takes connections")
async def restart(stage: Stage, fate: Random) -> str:
    """Restart PostgreSQL: fast, which ends every session, or immediate, which is a crash."""
    mode = fate.choice(["fast", "immediate"])
    before = await stage.pid_of("postgres")
    await asyncio.to_thread(stage.restart_postgres, "fast" if mode == "fast" else "immediate")
    await stage.until(stage.database_answers, "PostgreSQL takes connections")
    after = await stage.pid_of("postgres")
    return proven(before not in (0, after), f"{mode}: {before} → {after}")


@fault("F16c", "database connections cut", proof="the proxy counted them", over="at once")
async def cut(stage: Stage, fate: Random) -> str:
    """Reset the connections to the databases, of one service or of all."""
    doors = fate.choice(["postgres-", *(f"postgres-{service}" for service in stage.replicas)])
    number = await stage.doors.cut(doors)
    return proven(number, f"{number} connections of {doors} reset")


@fault("F17", "PostgreSQL away", proof="it took no connections meanwhile", over="it takes connections")
async def away(stage: Stage, fate: Random) -> str:
    """Stop PostgreSQL, and start it after 10 to 30 s."""
    seconds = fate.uniform(10, 30)
    await asyncio.to_thread(stage.stop, "postgres")
    try:
        gone = not await stage.database_answers()
        await asyncio.sleep(seconds)
    finally:
        await asyncio.to_thread(stage.native.supervisor.start_process, "postgres")
    await stage.until(stage.database_answers, "PostgreSQL takes connections")
    return proven(gone, f"away for {seconds:.0f} s")


@fault(
    "F18", "COMMIT's answer lost", proof="the proxy swallowed answers to COMMIT", over="connections are cut"
)
async def lose_commit(stage: Stage, fate: Random) -> str:
    """Let COMMIT reach the database and its answer reach nobody; then the connection breaks."""
    doors = f"postgres-{fate.choice(list(stage.replicas))}"
    times, seconds = fate.randint(1, 4), fate.uniform(0.5, 5)
    async with stage.doors.following(doors, marker="COMMIT", times=times, cut_after_seconds=seconds) as since:

        async def lost() -> bool:
            return await since.counted("answers_lost") >= times

        await stage.until(lost, f"{times} commits at {doors}", seconds=30)
        await asyncio.sleep(seconds + 0.1)
        answers, size = await since.counted("answers_lost"), await since.counted("bytes_swallowed")
    return proven(size, f"{doors}: {answers} answers to COMMIT ({size} bytes) swallowed")


@fault("F19", "tables locked", proof="sessions waited for the lock", over="the lock is released")
async def lock(stage: Stage, fate: Random) -> str:
    """Hold a table of a service for longer than its statements may wait; its pool runs dry meanwhile."""
    service = fate.choice(list(HOT))
    table = fate.choice(HOT[service])
    connection, watch = await stage.as_superuser(service), await stage.as_superuser(service)
    waiting = 0
    try:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        until = time.monotonic() + LOCKED_SECONDS
        while time.monotonic() < until:
            seen = await watch.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted")
            waiting = max(waiting, int(seen))
            await asyncio.sleep(0.5)
        await transaction.rollback()
    finally:
        await connection.close(timeout=5)
        await watch.close(timeout=5)
    evidence = f"{service}.{table} held for {LOCKED_SECONDS:.0f} s, {waiting} sessions waited"
    return proven(waiting, evidence)


@fault("F19b", "sessions terminated", proof="PostgreSQL counted them", over="at once")
async def terminate(stage: Stage, fate: Random) -> str:
    """End every session of a service, whatever it is doing."""
    service = fate.choice(list(stage.replicas))
    connection: asyncpg.Connection = await stage.as_superuser(service)
    try:
        ended = await connection.fetchval(
            "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE usename = $1",
            service,
        )
    finally:
        await connection.close(timeout=5)
    return proven(ended, f"{ended} sessions of {service} ended")


@fault("F23", "slow consumer", proof="the proxy slowed its database", over="the database is fast again")
async def slow(stage: Stage, fate: Random) -> str:
    """Make each step of a service's handlers take some tenths of a second, some seconds in all."""
    doors = f"postgres-{fate.choice(list(stage.replicas))}"
    seconds = fate.uniform(10, 25)
    async with stage.doors.following(doors, delay_seconds=0.2, jitter_seconds=0.4) as since:
        await asyncio.sleep(seconds)
        delayed = await since.counted("delayed")
    return proven(delayed, f"{doors}: {delayed} pieces slowed over {seconds:.0f} s")
