"""The fault proxy as a fault sees it: doors by name, rules for them, and counts as proof."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from proof.chaos.proxy import HOST


class Doors:
    """Gives orders to a running proxy. Doors are named by a prefix: ``amqp-`` is that of every service."""

    def __init__(self, control_port: int) -> None:
        self._port = control_port

    async def counts(self, doors: str) -> Counter[str]:
        """Return what was counted so far at these doors together."""
        return await self._order("count", doors)

    async def cut(self, doors: str) -> int:
        """Reset all connections through these doors; return how many there were."""
        before = await self.counts(doors)
        return (await self._order("cut", doors))["cut"] - before["cut"]

    async def rule(self, doors: str, **rule: Any) -> None:
        """Let these doors follow a rule (fields of :class:`proof.chaos.proxy.Rule`) until told otherwise."""
        await self._order("rule", doors, **rule)

    async def heal(self, doors: str = "") -> None:
        """Let everything through again."""
        await self._order("rule", doors)

    @asynccontextmanager
    async def following(self, doors: str, **rule: Any) -> AsyncIterator["Since"]:
        """Follow a rule inside the block; what is counted meanwhile is told by what it yields."""
        since = Since(self, doors, await self.counts(doors))
        await self.rule(doors, **rule)
        try:
            yield since
        finally:
            await self.heal(doors)

    async def _order(self, do: str, doors: str, **more: Any) -> Counter[str]:
        reader, writer = await asyncio.open_connection(HOST, self._port)
        try:
            writer.write(json.dumps({"do": do, "doors": doors, **more}).encode() + b"\n")
            answer = json.loads(await reader.readline())
        finally:
            writer.close()
        total: Counter[str] = Counter()
        for counts in answer.values():
            total.update(counts)
        return total


class Since:
    """What has been counted since a moment."""

    def __init__(self, doors: Doors, names: str, before: Counter[str]) -> None:
        self._doors = doors
        self._names = names
        self._before = before

    async def counted(self, what: str) -> int:
        """Return how often ``what`` was counted since then."""
        return (await self._doors.counts(self._names))[what] - self._before[what]
