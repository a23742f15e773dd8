"""Asking again while something is away, as people do."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg
import httpx

from proof.browser import NotOnThePage

# On a machine with ten other things to do RabbitMQ alone takes a minute to be back.
PATIENCE_SECONDS = 240.0
PAUSE_SECONDS = 0.25
AGAIN = {408, 425, 429, 500, 502, 503, 504}
T = TypeVar("T")


async def patiently(
    act: Callable[[], Awaitable[T]],
    *,
    seconds: float = PATIENCE_SECONDS,
    pause_seconds_max: float = PAUSE_SECONDS,
) -> T:
    """Try again while the shop is away or not ready; raise what went wrong when patience ends.

    Pauses between tries grow up to ``pause_seconds_max``.
    """
    deadline, pause = time.monotonic() + seconds, PAUSE_SECONDS
    while True:
        try:
            return await act()
        except (httpx.HTTPError, OSError, NotOnThePage, asyncpg.PostgresError, asyncpg.InterfaceError):
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, pause_seconds_max)


async def send_form(url: str, **form: str) -> None:
    """Send a form to a page of a provider's console. Raises ConnectionError unless it is taken."""
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        answer = await client.post(url, data=form)
        if answer.status_code >= 400:
            raise ConnectionError(f"{url}: {answer.status_code}")
