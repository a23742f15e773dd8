"""The installation for chaos: two processes of every service, and a door of the fault proxy in front of every part.

It is a native installation of its own beside that of `make up`. Each process has all roles, so that there are
two of every role. The services find broker, databases, providers, mail server and each other through doors of
the fault proxy; who looks from outside goes straight to them.
"""

import asyncio
import json
import os
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import cached_property
from typing import Any, Self

import asyncpg
import httpx

from deploy.native import postgres, rabbitmq
from deploy.native.processes import Process, processes
from deploy.native.runtime import Native
from deploy.native.site import SERVICES, Site
from deploy.ready import complaints
from proof.chaos.cluster import NOT_CLUSTERED, Cluster, ClusterNative
from proof.chaos.disks import Disks
from proof.chaos.doors import Doors
from proof.chaos.network import NODES
from proof.installation import Installation, share_mail_catcher
from shared.messaging.amqp import BrokerError, Link, cancelled_by_us

SECOND = "-2"
SECOND_FROM = 200
DOORS_FROM = 8400
ADDRESS = re.compile(r"(?<=127\.0\.0\.1:)\d+")
COMES_BACK_SECONDS_MAX = 120.0


class NotInTime(Exception):
    """What was waited for did not happen; the text says what."""


def doors_of(site: Site) -> dict[str, tuple[int, list[int]]]:
    """Return every door: its name, the port that it listens on, and the ports behind it."""
    ports = site.ports
    behind: dict[str, list[int]] = {}
    for service in SERVICES:
        behind[f"amqp-{service}"] = [ports["rabbitmq"]]
        behind[f"postgres-{service}"] = [ports["postgres"]]
        behind[f"web-{service}"] = [ports[service], ports[service] + SECOND_FROM]
    for method, port in site.simulator_ports.items():
        behind[f"provider-{method}"] = [port]
    behind["smtp"] = [ports["mail"]]
    first = site.port(DOORS_FROM) + 1
    return {name: (first + number, behind[name]) for number, name in enumerate(behind)}


def programs(site: Site, cluster: Cluster | None = None) -> list[Process]:
    """What the installation consists of: the usual processes behind doors, every service twice."""
    found: list[Process] = [_proxy(site)]
    usual = processes(site)
    if cluster is not None:
        usual = [*cluster.programs(), *(one for one in usual if one.name not in NOT_CLUSTERED)]
    for one in usual:
        found.append(replace(one, environment=through_doors(site, one)))
        if one.name in SERVICES:
            port = {"HTTP_PORT": str(site.ports[one.name] + SECOND_FROM)}
            environment = through_doors(site, one) | port
            found.append(replace(one, name=one.name + SECOND, environment=environment))
    return found


def _proxy(site: Site) -> Process:
    doors = {name: [port, behind] for name, (port, behind) in doors_of(site).items()}
    told = json.dumps({"control": site.port(DOORS_FROM), "doors": doors}, separators=(",", ":"))
    return Process(
        name="proxy",
        command=[str(site.python), "-m", "proof.chaos.proxy", f"'{told}'"],
        directory=site.repository,
        starts_first=True,
    )


def through_doors(site: Site, process: Process) -> dict[str, str]:
    """Return the environment of a process with every address behind a door replaced by the door."""
    doors = doors_of(site)
    shared = {behind[0]: port for name, (port, behind) in doors.items() if not name.startswith("amqp-")}
    own = {
        doors[name][1][0]: doors[name][0]
        for name in (f"amqp-{process.name}", f"postgres-{process.name}")
        if name in doors
    }
    port_of = shared | own

    def door(found: re.Match[str]) -> str:
        return str(port_of.get(int(found.group()), found.group()))

    environment = {name: ADDRESS.sub(door, value) for name, value in process.environment.items()}
    if "SMTP_PORT" in environment:
        environment["SMTP_PORT"] = str(port_of[int(environment["SMTP_PORT"])])
    if "AMAZON_PAY_URL" in environment:
        # Browsers of buyers do not come through our doors.
        environment["AMAZON_PAY_HOSTED_URL"] = process.environment["AMAZON_PAY_URL"]
    if process.name == "caddy":
        environment |= {f"{name.upper()}_PORT": str(doors[f"web-{name}"][0]) for name in SERVICES}
    return environment


class Stage(Installation):
    """The running installation, with what faults need to strike and to see that they have struck.

    ``native`` may also be one without doors and second replicas; then only faults that need neither can strike.
    With ``small_disks`` broker and database have disks of their own, that can be full. With a ``cluster``, the
    broker is one.
    """

    def __init__(
        self, native: Native, *, replicas: int = 2, small_disks: bool = False, cluster: Cluster | None = None
    ) -> None:
        super().__init__(native)
        self.disks = Disks(native.site)
        self.cluster = cluster
        self._small_disks = small_disks
        site = native.site
        self.doors = Doors(site.port(DOORS_FROM))
        self.replicas = {service: (service, service + SECOND)[:replicas] for service in SERVICES}
        self._rising: asyncio.Task[None] | None = None
        # Ids of messages that a fault has made up: they may be dead letters, and nothing else.
        self.forged: set[str] = set()
        self.names = [name for pair in self.replicas.values() for name in pair]
        self.health_urls = {
            name: f"http://127.0.0.1:{site.ports[service] + SECOND_FROM * (name != service)}/health"
            for service, pair in self.replicas.items()
            for name in pair
        }

    @classmethod
    def at(cls, site: Site, *, small_disks: bool = False, clustered: bool = False) -> Self:
        """Return the stage of a site: two of everything, behind doors; not yet started."""
        if clustered:
            cluster = Cluster(site)
            return cls(ClusterNative(cluster, lambda site: programs(site, cluster)), cluster=cluster)
        return cls(Native(site, programs), small_disks=small_disks)

    async def rise(self) -> None:
        """Start everything anew and return when all replicas are ready. Raises CannotRun."""
        self._rising = asyncio.create_task(asyncio.to_thread(self._rise))
        await asyncio.shield(self._rising)
        await self.until(self.all_ready, "all replicas are ready")

    def _rise(self) -> None:
        self.forged.clear()
        self.down()
        if self._small_disks:
            self.disks.mount()
        if self.cluster is not None:
            self.cluster.network.build()
        share_mail_catcher(self.site)
        self.native.set_up()
        self.native.up()

    @cached_property
    def client(self) -> httpx.AsyncClient:
        """For questions to broker, providers and health checks."""
        return httpx.AsyncClient(timeout=5, trust_env=False)

    async def until(
        self,
        holds: Callable[[], Awaitable[object]],
        what: str,
        *,
        seconds: float = COMES_BACK_SECONDS_MAX,
        every: float = 0.1,
    ) -> None:
        """Return as soon as ``holds`` says something true. Raises NotInTime with ``what``."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                if await holds():
                    return
            except (httpx.HTTPError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                pass
            if time.monotonic() > deadline:
                raise NotInTime(f"not within {seconds:.0f} s: {what}")
            await asyncio.sleep(every)

    async def all_ready(self) -> bool:
        """Tell whether every replica says that it can do its work."""
        return not await self.complaints()

    async def complaints(self, *names: str) -> dict[str, str]:
        """Return what the replicas (all, if none is named) say that they cannot do now."""
        checks = {name: f"{self.health_urls[name]}/ready" for name in names or self.names}
        return await asyncio.to_thread(complaints, checks)

    async def live(self, name: str) -> bool:
        """Tell whether a replica answers at all."""
        return (await self.client.get(f"{self.health_urls[name]}/live")).is_success

    async def pid_of(self, name: str) -> int:
        """Return the number of a supervised process, 0 when it does not run."""
        return await asyncio.to_thread(self.pid, name)

    async def broker_answers(self) -> bool:
        """Tell whether RabbitMQ takes connections."""
        link = Link(self.amqp_url, "chaos", timeout_seconds=5)
        try:
            await link.channel(confirms=False)
        except BrokerError:
            return False
        except asyncio.CancelledError:
            if cancelled_by_us():
                raise
            return False
        finally:
            await link.drop()
        return True

    async def database_answers(self) -> bool:
        """Tell whether PostgreSQL takes connections."""
        return await asyncio.to_thread(postgres.ready, self.site)

    async def rabbitmqctl(self, *arguments: str) -> str:
        """Run RabbitMQ's own tool. Raises OSError with what it said if it fails."""
        if self.cluster is not None:
            return await asyncio.to_thread(self.cluster.ask, NODES[0], *arguments)
        running = await asyncio.create_subprocess_exec(
            str(rabbitmq.scripts() / "rabbitmqctl"),
            *arguments,
            env=os.environ | rabbitmq.environment(self.site),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await running.communicate()
        if running.returncode:
            raise OSError(f"rabbitmqctl {' '.join(arguments)}: {said.decode(errors='replace')[-300:]}")
        return said.decode()

    async def broker_api(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """Ask RabbitMQ's management interface."""
        credentials = httpx.URL(self.amqp_url)
        auth = (credentials.username, credentials.password)
        return await self.client.request(method, f"{self.management_url}/api/{path}", json=body, auth=auth)

    async def as_superuser(self, service: str) -> asyncpg.Connection:
        """Connect to a service's database as who may do everything; the caller closes it."""
        return await asyncpg.connect(self.superuser_url(service), timeout=10)

    async def remove_forged(self) -> None:
        """Empty the dead letters in which faults have put messages of their own."""
        for queue in (await self.broker_api("GET", "queues")).json():
            if queue["name"].endswith(".dead") and self.forged:
                await self.broker_api("DELETE", f"queues/%2F/{queue['name']}/contents")

    def down(self) -> None:
        """Stop everything, delete the data and take small disks and the cluster's network away."""
        self.kill_spawned()
        self._spawned.clear()
        self.native.stop()
        self.disks.unmount()
        if self.cluster is not None:
            self.cluster.network.remove()
        self.native.down()

    async def close(self) -> None:
        """Stop everything, delete the data; what is only just starting is let start first."""
        await self.client.aclose()
        if self._rising is not None:
            await asyncio.wait([self._rising])
        await asyncio.to_thread(self.down)
