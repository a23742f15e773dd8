"""The yardstick: the hand-written pipeline, or else our own minimal baseline.

Both run on the same servers in the same run, because absolute figures mean little on a shared machine.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiormq
import asyncpg
from aiormq.abc import DeliveredMessage
from pamqp.commands import Basic

from bench.installation import Installation

STEADY_SECONDS = 3
BATCH = 200
EVENTS, DELIVERIES = 4, 11
QUEUE = "bench.baseline"
TABLES = """
    CREATE TABLE IF NOT EXISTS baseline_outbox (seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        event_id uuid NOT NULL UNIQUE, body text NOT NULL, published_at timestamptz);
    CREATE TABLE IF NOT EXISTS baseline_inbox (event_id uuid PRIMARY KEY, body text NOT NULL);
    TRUNCATE baseline_outbox, baseline_inbox;
"""


async def run_yardstick(folder: Path, installation: Installation, *, orders: int) -> dict[str, Any]:
    """Run the pipeline in ``folder`` and return its flood. Raises RuntimeError if it fails."""
    settings = {
        "YS_AMQP_URL": installation.environment["AMQP_ADMIN_URL"],
        "YS_PG_ADMIN_URL": installation.superuser_url("postgres"),
        "YS_ORDERS": str(orders),
        "YS_STEADY_SECONDS": str(STEADY_SECONDS),
        "YS_STEADY_FRACTIONS": "0.5",
        "YS_HTTP_PORT": str(installation.site.port(8205)),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "run.py", cwd=folder, env=os.environ | settings, stdout=subprocess.PIPE
    )
    told, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"the pipeline in {folder} failed")
    report = json.loads(told)
    return {"what": report["what"], **report["flood"]}


async def run_baseline(installation: Installation, *, orders: int) -> dict[str, Any]:
    """Move the same number of messages and rows with one process and raw clients, and nothing else."""
    database = await asyncpg.connect(installation.database_url("checkout"))
    broker = await aiormq.connect(installation.environment["AMQP_ADMIN_URL"])
    publishing, consuming = await broker.channel(), await broker.channel(publisher_confirms=False)
    await publishing.queue_declare(QUEUE, durable=True, arguments={"x-queue-type": "quorum"})
    try:
        await database.execute(TABLES)
        started = time.monotonic()
        for _ in range(0, orders, BATCH):
            await _say(database, publishing, BATCH * EVENTS)
        await _hear(installation, consuming, orders * EVENTS)
        # Four events reach eleven subscribers; here each is heard once, so the time is scaled to eleven.
        seconds = (time.monotonic() - started) * DELIVERIES / EVENTS
    finally:
        await publishing.queue_delete(QUEUE)
        await broker.close()
        await database.execute("DROP TABLE baseline_outbox, baseline_inbox")
        await database.close()
    return {
        "what": "one process, raw clients, the same messages and rows, no work",
        "orders": orders,
        "seconds": round(seconds, 2),
        "orders_per_second": round(orders / seconds, 1),
    }


async def _say(database: asyncpg.Connection, channel: Any, events: int) -> None:
    body = json.dumps({"what": "event", "filling": "x" * 900})
    ids = [uuid4() for _ in range(events)]
    await database.execute(
        "INSERT INTO baseline_outbox (event_id, body) SELECT *, $2 FROM unnest($1::uuid[])", ids, body
    )
    properties = [Basic.Properties(delivery_mode=2, message_id=str(one)) for one in ids]
    await asyncio.gather(
        *(channel.basic_publish(body.encode(), routing_key=QUEUE, properties=one) for one in properties)
    )
    await database.execute(
        "UPDATE baseline_outbox SET published_at = now() WHERE event_id = ANY($1::uuid[])", ids
    )


async def _hear(installation: Installation, channel: Any, events: int) -> None:
    database = await asyncpg.connect(installation.database_url("checkout"))
    waiting: asyncio.Queue[DeliveredMessage] = asyncio.Queue()
    await channel.basic_qos(prefetch_count=BATCH)
    await channel.basic_consume(QUEUE, waiting.put)
    heard = count()
    while next(heard) * BATCH < events:
        batch = [await waiting.get() for _ in range(BATCH)]
        await database.execute(
            "INSERT INTO baseline_inbox SELECT * FROM unnest($1::uuid[], $2::text[]) ON CONFLICT DO NOTHING",
            [one.header.properties.message_id for one in batch],
            [one.body.decode() for one in batch],
        )
        await channel.basic_ack(batch[-1].delivery_tag or 0, multiple=True)
    await database.close()
