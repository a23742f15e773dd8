"""The fault proxy around something that a test runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from harness.eventually import eventually
from harness.ports import free_port
from proof.chaos.doors import Doors
from proof.chaos.proxy import Door, Proxy


@asynccontextmanager
async def proxied(*servers: int) -> AsyncIterator[tuple[int, Doors]]:
    """Run a proxy with one door, called ``door``; yield its port and who gives orders."""
    port, control = free_port(), free_port()
    proxy = asyncio.create_task(Proxy([Door("door", port, list(servers))]).run(control))
    try:
        await eventually(lambda: _listens(control))
        yield port, Doors(control)
    finally:
        proxy.cancel()


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
