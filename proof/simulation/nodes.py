"""Processes: tasks that live and die together, with their memory, their database and their connections."""

import asyncio
import contextvars
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from proof.simulation.broker import Broker
from proof.simulation.chance import Chance
from proof.simulation.channel import SimulatedLink
from proof.simulation.loop import SimulatedLoop
from proof.simulation.store import Store, StoreDatabase
from proof.simulation.trace import Trace
from shared.database.transactions import Database, Tx

T = TypeVar("T")

RESTART_SECONDS = (0.05, 2.0)
MOMENT_SECONDS = 0.000001
SILENT_SECONDS = 25.0
FROZEN_SECONDS = (31.0, 100.0)
"""Longer than the leases of requests (30 s), and mostly than those of mails (90 s) too."""


class Died(BaseException):
    """The process is gone: nothing of it goes on, and nothing catches this."""


class NoAnswer(Exception):
    """A person's request was not answered: the process died, or the answer was lost."""


class Life:
    """A process from its start to its death: its tasks, which share its end."""

    def __init__(self) -> None:
        self.is_over = False
        # In the order in which they were made, so that they end in the same order in each run of a seed.
        self.tasks: dict[asyncio.Task[Any], None] = {}

    def end(self) -> None:
        """End all tasks."""
        self.is_over = True
        for task in list(self.tasks):
            task.cancel()


CURRENT: contextvars.ContextVar[Life | None] = contextvars.ContextVar("life", default=None)


class SimulatedDatabase(StoreDatabase):
    """The real transactions, begun after a while, on the simulated store."""

    def __init__(self, node: "Node", life: Life) -> None:
        super().__init__(node.store)
        self._node = node
        self._life = life

    @asynccontextmanager
    async def transaction(self, **given: Any) -> AsyncIterator[Tx]:
        """Open a transaction as the real one does, alone in the world until its end."""
        node = self._node
        await node.pause()
        if node.chance.happens(node.chance.dangers.database, "database away"):
            raise ConnectionRefusedError("the database is away")
        async with node.loop.world_stopped():
            if self._life.is_over:
                raise Died
            try:
                async with super().transaction(**given) as tx:
                    yield tx
            except BaseException as error:
                node.trace.add(node.name, f"rolled back: {type(error).__name__}")
                raise
            node.trace.add(node.name, "committed")


class Node:
    """One process of one service, over all its lives. ``start`` spawns its roles."""

    def __init__(
        self,
        name: str,
        start: Callable[["Node"], None],
        *,
        store: Store,
        broker: Broker,
        loop: SimulatedLoop,
        chance: Chance,
        trace: Trace,
    ) -> None:
        self.name = name
        self.store = store
        self.broker = broker
        self.loop = loop
        self.chance = chance
        self.trace = trace
        self.life = Life()
        self.life.is_over = True
        self.resources: dict[Any, Any] = {}
        self.works: list[str] = []
        self.ends_with_core_tasks = True
        self._start = start
        self._links: list[SimulatedLink] = []
        self._frozen_until = 0.0

    @property
    def is_alive(self) -> bool:
        """Return whether it runs."""
        return not self.life.is_over

    def start(self) -> None:
        """Begin, with empty memory."""
        self.life = Life()
        self._links = []
        self._frozen_until = 0.0
        self.db: Database = SimulatedDatabase(self, self.life)
        self.trace.add(self.name, "starts")
        self._start(self)

    def link(self) -> SimulatedLink:
        """Return a connection to the broker that ends with this process."""
        made = self.broker.link(self.name)
        self._links.append(made)
        return made

    def wake(self) -> None:
        """Let its due work look now."""
        for work in self.works:
            self.db.waker(work).set()

    def spawn(self, running: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """Run something in this process; it dies with the process."""
        context = contextvars.copy_context()
        context.run(CURRENT.set, self.life)
        return self.loop.create_task(running, context=context)

    def keep(self, running: Coroutine[Any, Any, None]) -> None:
        """Run a core task: when it ends, the process ends (shared.process.app)."""
        life = self.life

        def ended(task: "asyncio.Task[None]") -> None:
            if not life.is_over and self.ends_with_core_tasks:
                error = None if task.cancelled() else task.exception()
                self.die(f"core task ended: {type(error).__name__}")

        self.spawn(running).add_done_callback(ended)

    def die(self, why: str) -> None:
        """End at once; a supervisor starts it again soon."""
        self.trace.add(self.name, f"dies: {why}")
        self.life.is_over = True
        self.cut_links()
        # Not in this very moment: a transaction that dies is rolled back before the world goes on.
        self.loop.call_later(MOMENT_SECONDS, self.life.end)
        self.loop.call_later(self.chance.seconds(*RESTART_SECONDS), self._start_again)

    def cut_links(self) -> None:
        """Lose the connections to the broker."""
        for link in self._links:
            link.cut()

    def _start_again(self) -> None:
        if not self.is_alive:
            self.start()

    async def pause(self) -> None:
        """Let an ordinary while pass; or stand still with the whole process, longer than leases last."""
        if self.chance.happens(self.chance.dangers.frozen, "process frozen beyond its leases"):
            self._frozen_until = self.loop.time() + self.chance.seconds(*FROZEN_SECONDS)
            self.trace.add(self.name, "freezes")
            # The broker gives up on who does not answer its heartbeats.
            self.loop.call_later(SILENT_SECONDS, self.cut_links)
        await asyncio.sleep(max(self._frozen_until - self.loop.time(), 0) + self.chance.moment())

    async def ask(self, do: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Make a request to this process, as a person does. Raises NoAnswer, and what it answers with."""
        await asyncio.sleep(self.chance.moment())
        if not self.is_alive:
            raise NoAnswer
        task = self.spawn(do())
        await asyncio.wait((task,))
        if task.cancelled() or isinstance(task.exception(), Died):
            raise NoAnswer
        if self.chance.happens(self.chance.dangers.answer, "answer to a person lost"):
            raise NoAnswer
        await asyncio.sleep(self.chance.moment())
        return task.result()


def note_task(loop: asyncio.AbstractEventLoop, running: Any, **given: Any) -> "asyncio.Task[Any]":
    """Make a task that belongs to the process in whose context it is made (a task factory)."""
    task: asyncio.Task[Any] = asyncio.Task(running, loop=loop, **given)
    context = given.get("context")
    life = context.get(CURRENT) if context is not None else CURRENT.get()
    if life is not None:
        life.tasks[task] = None
        task.add_done_callback(lambda done: life.tasks.pop(done, None))
        task.add_done_callback(_seen)
    return task


def _seen(task: "asyncio.Task[Any]") -> None:
    if not task.cancelled():
        task.exception()


def living(nodes: Sequence[Node], chance: Chance) -> Node:
    """Return one of ``nodes`` that lives; a dead one if none does."""
    return chance.one_of([node for node in nodes if node.is_alive] or nodes)
