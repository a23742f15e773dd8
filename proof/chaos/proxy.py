"""A small proxy for TCP connections that makes trouble on request: cuts, holds, slows, swallows and refuses.

    python -m proof.chaos.proxy '{"control": 8400, "doors": {"amqp-checkout": [8411, [5673]]}}'

Each door is a name, the port that it listens on, and the local ports behind it (taken in turn; one that does
not answer is passed over). Orders come as lines of JSON on the control port and are answered by a line with
what has been counted so far, by door: so each fault has proof that it took place. proof/chaos/doors.py is the
other end. Why not a ready tool: docs/decisions/0008-our-own-fault-proxy.md.
"""

import asyncio
import itertools
import json
import random
import socket
import struct
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, fields
from typing import Any

HOST = "127.0.0.1"
CHUNK_BYTES = 65_536
GONE = (OSError, asyncio.IncompleteReadError)


@dataclass
class Rule:
    """What happens to the connections through a door.

    ``hold`` keeps back what goes ``to`` the servers behind the door, or comes ``from`` them, or ``both``: as
    long as it lasts nobody hears anything, neither bytes nor an end; afterwards all goes on, as after lost
    packets. ``delay_seconds`` (spread by up to ``jitter_seconds``) slows every piece in both directions.
    ``refuse`` resets new connections. After the bytes of ``marker`` went to a server, its replies on that
    connection are swallowed, and ``cut_after_seconds`` later it is cut; this happens ``times`` times.
    """

    hold: str = ""
    delay_seconds: float = 0
    jitter_seconds: float = 0
    refuse: bool = False
    marker: str = ""
    cut_after_seconds: float = 1
    times: int = 0


@dataclass(eq=False)
class Pair:
    """One connection: the client's side and the server's."""

    door: "Door"
    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    tail: bytes = b""
    swallows: bool = False

    def reset(self) -> None:
        """End both sides at once, without a farewell (RST)."""
        for writer in (self.client, self.server):
            abort(writer)

    def watch(self, data: bytes) -> None:
        """Look for the marker in what goes to the server; it may lie across two pieces."""
        rule = self.door.rule
        marker = rule.marker.encode()
        if not marker or self.swallows:
            return
        seen = self.tail + data
        self.tail = seen[-(len(marker) - 1) :] if len(marker) > 1 else b""
        if marker in seen and rule.times > 0:
            rule.times -= 1
            self.swallows = True
            self.door.counts["answers_lost"] += 1
            asyncio.get_running_loop().call_later(rule.cut_after_seconds, self.reset)


@dataclass
class Door:
    """One listening port and what is behind it."""

    name: str
    port: int
    behind: list[int]
    rule: Rule = field(default_factory=Rule)
    counts: Counter[str] = field(default_factory=Counter)
    pairs: set[Pair] = field(default_factory=set)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    turns: Any = field(init=False)

    def __post_init__(self) -> None:
        self.turns = itertools.count()

    async def open(self) -> None:
        """Listen."""
        await asyncio.start_server(self.serve, HOST, self.port, backlog=1000)

    def follow(self, rule: Rule) -> None:
        """From now on do as ``rule`` says."""
        self.rule = rule
        self.changed.set()
        self.changed = asyncio.Event()

    def cut(self) -> None:
        """Reset all connections of now."""
        for pair in list(self.pairs):
            self.counts["cut"] += 1
            pair.reset()

    async def serve(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        """Carry one connection until both sides have ended it, or one has broken."""
        if self.rule.refuse:
            self.counts["refused"] += 1
            abort(client)
            return
        reached = await self.reach()
        if reached is None:
            abort(client)
            return
        answers, server = reached
        pair = Pair(self, client, server)
        self.pairs.add(pair)
        self.counts["connections"] += 1
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self.carry(pair, reader, server, "to"))
                both.create_task(self.carry(pair, answers, client, "from"))
        except* GONE:
            self.counts["broken"] += 1
        finally:
            self.pairs.discard(pair)
            pair.reset()

    async def reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """Connect to the next of the ports behind the door that answers."""
        first = next(self.turns)
        for step in range(len(self.behind)):
            with suppress(OSError):
                port = self.behind[(first + step) % len(self.behind)]
                return await asyncio.open_connection(HOST, port)
        self.counts["nobody_there"] += 1
        return None

    async def carry(
        self, pair: Pair, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: str
    ) -> None:
        """Carry bytes one way, then their end."""
        while True:
            data = await reader.read(CHUNK_BYTES)
            await self.wait(way, len(data))
            if way == "from" and pair.swallows:
                self.counts["bytes_swallowed"] += len(data)
            elif data:
                writer.write(data)
                await writer.drain()
            if not data:
                break
            if way == "to":
                pair.watch(data)
        if writer.can_write_eof():
            writer.write_eof()

    async def wait(self, way: str, size: int) -> None:
        """Let pass the time that the rule wants, counted where it does."""
        held = False
        while self.rule.hold in (way, "both"):
            if not held:
                held = True
                self.counts["held"] += 1
                self.counts["bytes_held"] += size
            await self.changed.wait()
        if self.rule.delay_seconds:
            self.counts["delayed"] += 1
            spread = random.uniform(0, self.rule.jitter_seconds)
            await asyncio.sleep(self.rule.delay_seconds + spread)


def abort(writer: asyncio.StreamWriter) -> None:
    """Reset a connection."""
    held: socket.socket | None = writer.get_extra_info("socket")
    if held is not None:
        with suppress(OSError):
            held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class Proxy:
    """All doors, and who gives orders."""

    def __init__(self, doors: list[Door]) -> None:
        self.doors = doors

    async def run(self, control_port: int) -> None:
        """Serve until cancelled."""
        for door in self.doors:
            await door.open()
        control = await asyncio.start_server(self.listen, HOST, control_port)
        await control.serve_forever()

    async def listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Obey the lines of one client."""
        with suppress(*GONE):
            while line := await reader.readline():
                writer.write(json.dumps(self.obey(json.loads(line))).encode() + b"\n")
                await writer.drain()
        writer.close()

    def obey(self, order: dict[str, Any]) -> dict[str, dict[str, int]]:
        """Do one order: {"do": "rule" | "cut" | "count", "doors": prefix of names, ...}; return the counts."""
        doors = [door for door in self.doors if door.name.startswith(order["doors"])]
        for door in doors:
            if order["do"] == "rule":
                known = {one.name for one in fields(Rule)}
                door.follow(Rule(**{name: value for name, value in order.items() if name in known}))
            elif order["do"] == "cut":
                door.cut()
        return {door.name: dict(door.counts) for door in doors}


def main() -> None:
    """Run as told on the command line."""
    told = json.loads(sys.argv[1])
    doors = [Door(name, port, behind) for name, (port, behind) in told["doors"].items()]
    asyncio.run(Proxy(doors).run(told["control"]))


if __name__ == "__main__":
    main()
