"""One process of a service: its roles, from the start to the clean end.

    python -m checkout web worker relay     any mix of roles
    python -m checkout migrate              bring the schema up to date, then end
    python -m checkout topology             declare exchanges and queues, then end

Every process answers ``/health/live``, ``/health/ready`` and ``/metrics``. If a core task ends, the
whole process ends, and its supervisor starts a new one.
"""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog
import uvicorn
from fastapi import FastAPI
from sqlalchemy import MetaData

from shared.database.migrations import migrate
from shared.database.transactions import Database
from shared.due.work import DueRunner, DueWork
from shared.messaging.amqp import Link, Publisher
from shared.messaging.consumers import Consumers
from shared.messaging.relay import Relay
from shared.messaging.retired import retire_waiting_queues
from shared.messaging.stream import stream
from shared.messaging.topology import declare
from shared.messaging.worker import Intake
from shared.process.file_store import prepare_files
from shared.process.health import Health
from shared.process.live import refuse_demo
from shared.process.logs import set_up_logs
from shared.process.settings import ServiceSettings
from shared.web.client_address import ClientAddress, Proxies
from shared.web.head_timeout import HeadTimeoutProtocol
from shared.web.operations import Figures, Operations
from shared.web.parts import add_part

log = structlog.get_logger()

ROLES = ("web", "worker", "relay")


@dataclass
class Service:
    """The parts of a service, as its ``main.py`` wires them.

    ``resources`` are what consuming functions need besides the transaction, by type. ``install_pages`` adds routes to
    the application of the web role. ``figures`` are the service's own counts for the page of operations. ``close``
    releases resources that the service opened itself. ``after_migration`` stores data that the running service may not
    store. It gets the database address of the table owner.
    """

    name: str
    settings: ServiceSettings
    metadata: MetaData
    consumers: Consumers
    db: Database
    resources: Mapping[type[Any], Any] = field(default_factory=dict)
    due_work: Sequence[DueWork] = ()
    install_pages: Callable[[FastAPI], None] | None = None
    on_start: Callable[[], Awaitable[None]] | None = None
    close: Callable[[], Awaitable[None]] | None = None
    after_migration: Callable[[str], Coroutine[Any, Any, None]] | None = None
    figures: Figures | None = None

    def operations(self) -> Operations:
        """Return the source of this service's operational figures."""
        return Operations(
            self.name,
            self.db,
            amqp_url=self.settings.amqp_url.get_secret_value(),
            queues=[consumer.queue for consumer in self.consumers.all],
            due_work=self.due_work,
            figures=self.figures,
        )


class Process:
    """The running roles of one process."""

    def __init__(self, service: Service, roles: Sequence[str]) -> None:
        self.service = service
        self.roles = roles
        self.health = Health()
        self._tasks: list[asyncio.Task[None]] = []
        # Consumers and due work stop first, the relay last, so that their last events are still published.
        self._stops: list[Callable[[], object]] = []
        self._relay_tasks: list[asyncio.Task[None]] = []
        self._relay_stops: list[Callable[[], object]] = []
        self._closers: list[Callable[[], Awaitable[None]]] = []
        self._stopping = False

    def app(self) -> FastAPI:
        """Return the ASGI application; its life cycle starts and stops the roles."""

        @asynccontextmanager
        async def lifespan(_: FastAPI) -> AsyncIterator[None]:
            await self.start()
            yield
            await self.stop()

        app = FastAPI(
            title=f"Noren {self.service.name}",
            version="1",
            docs_url=None,
            redoc_url=None,
            openapi_url=f"/api/{self.service.name}/openapi.json",
            lifespan=lifespan,
        )
        app.include_router(self.health.router())
        if "web" in self.roles and self.service.install_pages is not None:
            operations = self.service.operations()
            add_part(app, Operations, operations)
            self.health.measure(operations.measure)
            app.include_router(operations.router())
            self.service.install_pages(app)
        return app

    async def start(self) -> None:
        """Start all roles. Raises an error if the database or, in development, the topology is wrong."""
        settings, db = self.service.settings, self.service.db
        self.health.add("database", self._database_answers)
        if settings.declare_topology:
            await declare_topology(self.service)
        if self.service.on_start is not None:
            await self.service.on_start()
        if "relay" in self.roles:
            self._start_relay()
        if "worker" in self.roles:
            await self._start_workers()
        log.info("process.started", roles=list(self.roles), service=self.service.name, database=db.service)

    def _start_relay(self) -> None:
        publisher = Publisher(self.service.settings.amqp_url.get_secret_value(), f"{self.service.name}.relay")
        relay = Relay(self.service.db, publisher)
        self.service.db.relay = relay
        dsn = self.service.db.dsn
        listening = self._spawn("relay listener", relay.listen(dsn))
        self._relay_tasks = [self._spawn("relay", relay.run()), listening]
        self._relay_stops = [relay.stop, listening.cancel]
        self._closers.append(publisher.close)
        self.health.add_heartbeat("relay", lambda: relay.alive_at)

        async def keeps_up() -> str | None:
            age = relay.oldest_unsent_seconds
            return None if age < 30 else f"oldest unsent event is {age:.0f} s old"

        self.health.add("outbox", keeps_up)

    async def _start_workers(self) -> None:
        url, name = self.service.settings.amqp_url.get_secret_value(), self.service.name
        link, publisher = Link(url, f"{name}.consume"), Publisher(url, f"{name}.worker")
        intake = Intake(link, publisher, prefetch=self.service.settings.prefetch)
        broker = stream(url, self.service.consumers, self.service.db, self.service.resources, intake)
        await broker.start()
        for worker in broker.workers:
            if worker.task is not None:
                self._watch(worker.task)
            self._stops.append(worker.stop)
            self.health.add_heartbeat(worker.consumer.queue, lambda worker=worker: worker.consuming_at)  # type: ignore[misc]
        for work in self.service.due_work:
            runner = DueRunner(work, self.service.db)
            self._spawn(work.name, runner.run())
            self._stops.append(runner.stop)
            self.health.add_heartbeat(work.name, lambda runner=runner: runner.alive_at)  # type: ignore[misc]
        self._closers += [broker.stop, link.drop, publisher.close]

    def _spawn(self, name: str, run: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return self._watch(asyncio.create_task(run, name=name))

    def _watch(self, task: asyncio.Task[None]) -> asyncio.Task[None]:
        task.add_done_callback(self._on_end)
        self._tasks.append(task)
        return task

    def _on_end(self, task: asyncio.Task[None]) -> None:
        if self._stopping:
            return
        error = None if task.cancelled() else task.exception()
        log.critical(
            "process.core_task_ended", task=task.get_name(), error=type(error).__name__, exc_info=error
        )
        os.kill(os.getpid(), signal.SIGTERM)

    async def stop(self) -> None:
        """Take no more work, finish the present work within the grace period, then close everything."""
        self._stopping = True
        working = [task for task in self._tasks if task not in self._relay_tasks]
        await self._finish(working, self._stops, self.service.settings.shutdown_grace_seconds)
        await self._finish(self._relay_tasks, self._relay_stops, 5)
        for close in self._closers:
            await close()
        if self.service.close is not None:
            await self.service.close()
        await self.service.db.close()
        log.info("process.stopped", service=self.service.name)

    @staticmethod
    async def _finish(
        tasks: Sequence[asyncio.Task[None]], stops: Sequence[Callable[[], object]], seconds: float
    ) -> None:
        for stop in stops:
            stop()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=seconds)
            for task in late:
                task.cancel()

    async def _database_answers(self) -> str | None:
        async with asyncio.timeout(3):
            await self.service.db.look("SELECT 1")
        return None


async def declare_topology(service: Service) -> None:
    """Declare the exchanges and queues of ``service`` with the broker's administrative user."""
    admin = service.settings.amqp_admin_url
    if admin is None:
        raise SystemExit("AMQP_ADMIN_URL is not set: declaring needs a user that may configure")
    await declare(admin.get_secret_value(), service.name, service.consumers.all)
    await retire_waiting_queues(admin.get_secret_value(), service.name)


def run(make: Callable[[], Service], arguments: Sequence[str] | None = None) -> None:
    """Run the command line of a service: ``python -m <service> <role> ...``."""
    roles = list(sys.argv[1:] if arguments is None else arguments) or list(ROLES)
    known = {*ROLES, "migrate", "topology"}
    if unknown := set(roles) - known:
        raise SystemExit(f"unknown role {sorted(unknown)}; roles are {sorted(known)}")
    service = make()
    settings = service.settings
    refuse_demo(settings)
    set_up_logs(service.name, settings)
    if roles == ["migrate"]:
        if settings.migrate_database_url is None:
            raise SystemExit("MIGRATE_DATABASE_URL is not set: migrating needs the owner of the schema")
        owner_url = settings.migrate_database_url.get_secret_value()
        migrate(service.name, owner_url, service.metadata)
        if service.after_migration is not None:
            asyncio.run(service.after_migration(owner_url))
        return
    if roles == ["topology"]:
        asyncio.run(declare_topology(service))
        return
    prepare_files(service.name, settings)
    os.nice(settings.niceness)
    app = ClientAddress(
        Process(service, roles).app(),
        edge=Proxies.read(settings.trusted_proxies),
        in_front=Proxies.read(settings.edge_trusted_proxies),
    )
    _collect_seldom()
    uvicorn.run(
        app,
        host=settings.http_host,
        port=settings.http_port,
        log_level="warning",
        log_config=None,
        access_log=False,
        http=HeadTimeoutProtocol,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=int(settings.shutdown_grace_seconds),
    )


def _collect_seldom() -> None:
    """Make the garbage collector ignore objects that live as long as the process, and run seldom.

    A full collection stops the process for a tenth of a second. Nearly all objects of requests and batches are freed
    without it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)
