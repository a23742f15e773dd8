"""Linger: finished tasks wait a moment for running ones, so that they share the next transaction."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Linger:
    """The wait of finished tasks for running ones, at most ``linger_seconds``."""

    def __init__(self, linger_seconds: float) -> None:
        self._linger_seconds = linger_seconds
        self._under_way = 0
        self._release = asyncio.Event()

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Count as a running task until the block ends."""
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._release_all()

    async def gather(self) -> None:
        """Wait until no task is running or the time is up, then continue with all finished tasks."""
        if not self._under_way or not self._linger_seconds:
            return
        release = self._release
        try:
            async with asyncio.timeout(self._linger_seconds):
                await release.wait()
        except TimeoutError:
            if release is self._release:
                self._release_all()

    def _release_all(self) -> None:
        self._release.set()
        self._release = asyncio.Event()
