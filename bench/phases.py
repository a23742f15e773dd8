"""The phases of a run: a flood, steady loads, growing history, more replicas. Each returns plain figures."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from bench.history import grow_history
from bench.installation import Installation
from bench.measure import Databases, percentiles
from bench.meter import Meter, per_order
from bench.prepare import prepare

FINISH_SECONDS_MAX = 300.0
SETTLING_IN_SECONDS = 5.0
"""At the start of a steady load, while the disk still writes what the load before has left."""


class Broken(Exception):
    """The run is void: orders were refused, lost, or not finished in time."""


@dataclass
class Bench:
    """An installation under load. Every phase checks that all of its orders went all the way."""

    installation: Installation
    databases: Databases
    plan: Mapping[str, Any]
    connections: int = 64
    _phases: int = field(default=0)

    @classmethod
    async def of(cls, installation: Installation, *, connections: int) -> "Bench":
        """Prepare members and goods, and learn what the load must know."""
        databases = await Databases.of(installation)
        members, skus = await prepare(databases, installation.service_database_url("checkout"))
        plan = {
            "checkout_url": installation.checkout_url,
            "origin_url": installation.site.origin_url,
            "database_url": installation.database_url("checkout"),
            "staff": installation.session_of(uuid4(), staff="owner"),
            "members": [installation.session_of(member_id) for member_id in members],
            "skus": skus,
            "connections": connections,
        }
        return cls(installation, databases, plan, connections)

    async def run(self, orders: int, *, rate: float = 0, settling_in_seconds: float = 0) -> dict[str, Any]:
        """Let ``orders`` be placed, at ``rate`` a second or all at once, and follow them to the end.

        Latencies are those of the orders that were asked for after ``settling_in_seconds``.
        Raises Broken if an order was refused or did not arrive everywhere.
        """
        self._phases += 1
        meter = Meter(self.installation)
        before = meter.cpu_seconds()
        plan = {**self.plan, "seed": f"{int(time.time())}-{self._phases}", "orders": orders, "rate": rate}
        seen = await self.installation.load(plan)
        try:
            done_at = await self.databases.wait_until_done(seconds_max=FINISH_SECONDS_MAX)
        except TimeoutError as error:
            raise Broken(str(error)) from error
        if seen["errors"] or len(seen["asked_at"]) != orders:
            raise Broken(f"{len(seen['errors'])} of {orders} orders failed: {seen['errors'][:3]}")
        after = meter.cpu_seconds()
        seconds = done_at - seen["started_at"]
        cpu = per_order(before, after, orders)
        since = seen["started_at"] + settling_in_seconds
        asked_at = {code: at for code, at in seen["asked_at"].items() if at >= since}
        answers = zip(seen["asked_at"].values(), seen["answer_seconds"], strict=True)
        return {
            "orders": orders,
            "seconds": round(seconds, 2),
            "orders_per_second": round(orders / seconds, 1),
            "placed_per_second": round(orders / (seen["placed_until"] - seen["started_at"]), 1),
            "latency_ms": {
                "placed": percentiles([took for at, took in answers if at >= since]),
                **await self.databases.latencies(asked_at, since=since),
            },
            "mails": await self.databases.mails_of(list(seen["asked_at"])),
            "cpu_ms_per_order": {**cpu, "python": _python(cpu)},
            "cores_busy": round((after["busy"] - before["busy"]) / seconds, 2),
            "memory_mib": meter.memory_mib(),
        }

    async def steady(self, capacity: float, parts: Sequence[float], *, seconds: float) -> dict[str, Any]:
        """Run at parts of the capacity (orders a second), one after the other, each for ``seconds``."""
        found = {}
        settling_in = min(seconds, SETTLING_IN_SECONDS)
        for part in parts:
            rate = max(1.0, capacity * part)
            found[f"{part:.0%}"] = {
                "rate": round(rate, 1),
                **await self.run(
                    max(10, int(rate * (settling_in + seconds))), rate=rate, settling_in_seconds=settling_in
                ),
            }
        return found

    async def flat(self, sizes: Sequence[int], orders: int) -> dict[str, Any]:
        """Flood again and again with more and more finished orders behind it."""
        found = {}
        for size in sizes:
            await grow_history(self.databases, self.installation.superuser_url, size)
            flood = await self.run(orders)
            found[str(size)] = {
                name: flood[name] for name in ("orders_per_second", "latency_ms", "cpu_ms_per_order")
            }
        return found

    async def close(self) -> None:
        """Disconnect."""
        await self.databases.close()


def _python(cpu: Mapping[str, float]) -> float:
    services = ("checkout", "payments", "members", "notifications")
    return round(sum(cpu[name] for name in services), 3)
