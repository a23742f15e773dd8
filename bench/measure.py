"""Measurements from the databases: whether all orders are finished, and how long each step took."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from bench.installation import Installation
from deploy.native.site import SERVICES

UNDER_WAY = {
    "checkout": "SELECT count(*) FROM orders WHERE status = 'in_progress'",
    "payments": "SELECT count(*) FROM payment_requests WHERE due_at IS NOT NULL",
    "members": "SELECT count(*) FROM point_grants WHERE state = 'waiting'",
    "notifications": "SELECT count(*) FROM mails WHERE due_at IS NOT NULL",
}
UNSENT = "SELECT count(*) FROM outbox WHERE published_at IS NULL"
STEPS = """
    SELECT order_code, move, extract(epoch FROM at)::float8 AS at FROM order_history
    WHERE order_code = ANY($1::text[]) AND move IN ('authorize', 'ship', 'capture')
"""
RELAYED = """
    SELECT extract(epoch FROM published_at - created_at)::float8 AS seconds FROM outbox
    WHERE created_at >= to_timestamp($1) AND published_at IS NOT NULL
"""
MAILS = "SELECT count(*) FROM mails WHERE state = 'sent' AND order_code = ANY($1::text[])"
LOOK_AGAIN_SECONDS = 0.2


class Databases:
    """A connection to each service's database."""

    def __init__(self, connections: Mapping[str, asyncpg.Connection]) -> None:
        self._connections = connections

    @classmethod
    async def of(cls, installation: Installation) -> "Databases":
        """Connect to all of them."""
        return cls({name: await asyncpg.connect(installation.database_url(name)) for name in SERVICES})

    def __getitem__(self, service: str) -> asyncpg.Connection:
        return self._connections[service]

    async def close(self) -> None:
        """Disconnect."""
        for connection in self._connections.values():
            await connection.close()

    async def under_way(self) -> dict[str, int]:
        """What is not done yet, by service."""
        found: dict[str, int] = {}
        for service, connection in self._connections.items():
            left = await connection.fetchval(UNDER_WAY[service]) + await connection.fetchval(UNSENT)
            if left:
                found[service] = left
        return found

    async def wait_until_done(self, *, seconds_max: float) -> float:
        """Wait until nothing is under way; return when that was (UNIX time). Raises TimeoutError."""
        deadline = time.monotonic() + seconds_max
        while left := await self.under_way():
            if time.monotonic() > deadline:
                raise TimeoutError(f"not finished after {seconds_max:.0f} s: {left}")
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        return time.time()

    async def latencies(self, asked_at: Mapping[str, float], *, since: float) -> dict[str, dict[str, float]]:
        """Percentiles in milliseconds of each step of the orders in ``asked_at`` (code -> UNIX time)."""
        moments: dict[str, dict[str, float]] = {code: {} for code in asked_at}
        for row in await self["checkout"].fetch(STEPS, list(asked_at)):
            moments[row["order_code"]][row["move"]] = row["at"]
        whole = [(asked_at[code], steps) for code, steps in moments.items() if len(steps) == 3]
        relayed = [row["seconds"] for name in SERVICES for row in await self[name].fetch(RELAYED, since)]
        return {
            "confirmed_to_authorized": percentiles([steps["authorize"] - at for at, steps in whole]),
            "shipped_to_captured": percentiles([steps["capture"] - steps["ship"] for _, steps in whole]),
            "committed_to_published": percentiles(relayed),
        }

    async def mails_of(self, codes: Sequence[str]) -> int:
        """How many mails were sent about these orders."""
        return int(await self["notifications"].fetchval(MAILS, list(codes)))

    async def server_settings(self) -> dict[str, Any]:
        """The settings that decide whether the figures are worth anything."""
        names = ("server_version", "fsync", "synchronous_commit", "full_page_writes", "shared_buffers")
        return {name: await self["checkout"].fetchval(f"SHOW {name}") for name in names}


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """p50, p90, p99 and the worst, in milliseconds; empty for no values."""
    if not seconds:
        return {}
    ordered = sorted(seconds)
    return {
        f"p{point}": round(ordered[min(len(ordered) - 1, len(ordered) * point // 100)] * 1000, 1)
        for point in (50, 90, 99, 100)
    }
