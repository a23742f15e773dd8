"""An event loop with simulated time. Databases are asked for real, and the world stands still meanwhile.

When nothing is ready, time jumps to the next timer, so waiting costs nothing. Only databases answer from
outside; while one is asked nothing else runs and no time passes, so that the speed of their answers decides
nothing. What happens next therefore depends on timers alone, and those depend on the seed.
"""

import asyncio
import contextvars
import selectors
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any


class StandStill(RuntimeError):
    """Everybody waits, and nothing is ever going to happen."""


class _Jumping(selectors.DefaultSelector):
    """Waits for databases only; any other wait is a jump in time."""

    loop: "SimulatedLoop"

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout <= 0:
            return []
        if self.loop.stopped:
            return super().select(None)
        if timeout is None:
            raise StandStill("all tasks wait for each other")
        self.loop.seconds += timeout
        return []


class SimulatedLoop(asyncio.SelectorEventLoop):
    """See the head of this module. ``seconds`` is the time; ``stopped`` while a database is asked.

    ``_ready`` and ``_run_once`` are CPython's own names (asyncio/base_events.py, unchanged from 3.7 to 3.14):
    putting the other tasks aside while a database is asked has no public way.
    """

    _ready: "deque[asyncio.Handle]"

    def __init__(self) -> None:
        selector = _Jumping()
        selector.loop = self
        self.seconds = 0.0
        self.stopped = False
        self._timers = 0
        self._turn = asyncio.Lock()
        self._asks: asyncio.Future[None] | None = None
        super().__init__(selector)

    def time(self) -> float:
        """Return the simulated time in seconds."""
        return self.seconds

    def start_over(self) -> None:
        """Set the time back to 0, for the next run."""
        self.seconds = 0.0
        self._timers = 0

    def call_at(  # type: ignore[override]
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        """Call at ``when``; what is due at the same moment is called in the order in which it was asked for."""
        # Not while a database is asked: its client makes timers as it needs them.
        self._timers += not self.stopped
        return super().call_at(when + self._timers * 1e-9, callback, *args, context=context)

    @asynccontextmanager
    async def world_stopped(self) -> AsyncIterator[None]:
        """Let the running task alone go on, to ask databases; others wait for their turn."""
        async with self._turn:
            self._asks = self.create_future()
            try:
                await self._asks
                yield
            finally:
                self._asks = None
                self.stopped = False

    def _run_once(self) -> None:
        if self._asks is None:
            self._once()
            return
        others, self._ready = self._ready, deque()
        if not self._asks.done():
            self.stopped = True
            self._asks.set_result(None)
        while self.stopped:
            self._once()
        self._ready.extendleft(reversed(others))

    def _once(self) -> None:
        super()._run_once()  # type: ignore[misc]
