"""Those who end at about the same time go on together."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Company:
    """Lets those who are done wait for those who are still under way, at most ``linger_seconds``."""

    def __init__(self, linger_seconds: float) -> None:
        self._linger_seconds = linger_seconds
        self._under_way = 0
        self._departure = asyncio.Event()

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Be one for whom others wait, until the block ends."""
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._depart()

    async def gather(self) -> None:
        """Go on together with all who are done too: once nobody is under way, or the time is up."""
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
