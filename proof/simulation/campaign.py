"""Runs seeds one after the other on one set of databases."""

import gc
import tempfile
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from proof.simulation.before import create_databases, fill
from proof.simulation.gateway import make_gateway
from proof.simulation.loop import SimulatedLoop
from proof.simulation.nodes import note_task
from proof.simulation.parts import Parts
from proof.simulation.people import play
from proof.simulation.store import RAM, Store
from proof.simulation.world import BEGIN, Outcome, World, live

TIDY_EVERY = 100


class Campaign:
    """A loop, the databases, and any number of seeds. Use it as a context manager."""

    def __init__(self, server_url: str, name: str) -> None:
        self._server_url = server_url
        self._name = name
        self._runs = 0

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="noren-sim-", dir=RAM if RAM.is_dir() else None)
        self.loop = SimulatedLoop()
        self.loop.set_task_factory(note_task)
        self.loop.run_until_complete(self._open())
        # What lives as long as the campaign is not looked at again whenever the rubbish of a seed is collected.
        gc.collect()
        gc.freeze()
        return self

    async def _open(self) -> None:
        async with self.loop.world_stopped():
            urls = await create_databases(self._server_url, self._name)
            self.gateway = make_gateway()
            self.stores = {service: Store(service, url, self._database_time) for service, url in urls.items()}
            for store in self.stores.values():
                await store.connect()
            await fill(self.stores, self.gateway.methods)

    def _database_time(self) -> datetime:
        """The databases' clock does not leap with the shop's: leases run on it."""
        return BEGIN + timedelta(seconds=self.loop.seconds)

    def run(
        self,
        seed: int,
        parts: Parts | None = None,
        show: Callable[[str], None] | None = None,
        play: Callable[[World], Awaitable[None]] = play,
    ) -> Outcome:
        """Run one seed, in which people ``play``, and return what became of it."""
        return self.loop.run_until_complete(self._run(seed, parts or Parts(), show, play))

    async def _run(
        self,
        seed: int,
        parts: Parts,
        show: Callable[[str], None] | None,
        play: Callable[[World], Awaitable[None]],
    ) -> Outcome:
        self.loop.start_over()
        async with self.loop.world_stopped():
            if self._runs % TIDY_EVERY == 0:
                for store in self.stores.values():
                    await store.tidy()
            self._runs += 1
        world = World(
            seed,
            loop=self.loop,
            stores=self.stores,
            gateway=self.gateway,
            parts=parts,
            folder=Path(self._folder.name),
            show=show,
        )
        return await live(world, play)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        gc.unfreeze()
        # After an error in the middle of a run the loop may be in any state; the server ends the sessions.
        if kind is None:
            self.loop.run_until_complete(self._close())
            self.loop.close()
        self._folder.cleanup()

    async def _close(self) -> None:
        async with self.loop.world_stopped():
            for store in self.stores.values():
                await store.close()
            await self.gateway.methods.close()
