"""Lets tasks that end at about the same time continue together."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Company:
    """Finished tasks wait for running ones, at most ``linger_seconds``."""

    def __init__(self, linger_seconds: float) -> None:
        self._linger_seconds = linger_seconds
        self._under_way = 0
        self._departure = asyncio.Event()

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Count as a running task until the block ends."""
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._depart()

    async def gather(self) -> None:
        """Wait until no task is running or the time is up, then continue with all finished tasks."""
        if not self._under_way or not self._linger_seconds:
            return
        departure = self._departure
        try:
            async with asyncio.timeout(self._linger_seconds):
                await departure.wait()
        except TimeoutError:
            if departure is self._departure:
                self._depart()

    def _depart(self) -> None:
        self._departure.set()
        self._departure = asyncio.Event()
