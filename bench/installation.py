"""The installation of the benchmark: a native one beside any other, its services started and metered by us."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import psutil

from deploy.native import environment, postgres
from deploy.native.processes import Process, Supervisor, processes
from deploy.native.runtime import Native
from deploy.native.site import REPOSITORY, SERVICES, Site
from deploy.ready import complaints, wait_until_ready
from proof.installation import NO_LIMITS
from shared.statements import Issuer

KIND = "bench_card"
GATEWAY_PORT = 8204
READY_SECONDS_MAX = 90.0
STOP_SECONDS_MAX = 40.0


@dataclass
class Running:
    """One process of ours."""

    name: str
    process: subprocess.Popen[bytes]
    port: int


@dataclass
class Installation:
    """Broker, databases, gateway, mail server and the four services, ``replicas`` workers of each."""

    site: Site
    gateway_delay_ms: float
    settings: Mapping[str, str] = field(default_factory=dict)
    running: list[Running] = field(default_factory=list)

    @classmethod
    def at(cls, port_shift: int, *, gateway_delay_ms: float) -> "Installation":
        """The installation of this repository's benchmark."""
        return cls(Site(home=REPOSITORY / ".noren/bench", port_shift=port_shift), gateway_delay_ms)

    @property
    def environment(self) -> dict[str, str]:
        """What tools and checkers need to look at it."""
        gateway = {f"{KIND.upper()}_SIMULATOR_URL": self.gateway_url}
        tools = {k: v for k, v in environment.tools(self.site).items() if not k.endswith("_SIMULATOR_URL")}
        return tools | gateway

    @property
    def gateway_url(self) -> str:
        """Where the card gateway is."""
        return f"http://127.0.0.1:{self.site.port(GATEWAY_PORT)}"

    @property
    def checkout_url(self) -> str:
        """Where checkout answers; the benchmark leaves the edge out."""
        return f"http://127.0.0.1:{self.site.ports['checkout']}"

    def database_url(self, service: str) -> str:
        """The owner's address of a database, for tools."""
        return postgres.owner_url(self.site, service).replace("+asyncpg", "")

    def service_database_url(self, service: str) -> str:
        """The address that the service itself uses."""
        return postgres.service_url(self.site, service)

    @property
    def superuser_url(self) -> str:
        """The administrator's address of the database server."""
        secret, port = self.site.secrets["postgres"], self.site.ports["postgres"]
        return f"postgresql://{postgres.SUPERUSER}:{secret}@127.0.0.1:{port}/postgres"

    def start_infrastructure(self) -> None:
        """Start broker and databases anew, and in place of the usual ones a gateway and a mail server of ours."""
        native = Native(self.site)
        installed, ours = REPOSITORY / ".noren/maildev", self.site.home / "maildev"
        if installed.exists() and not ours.exists():
            ours.parent.mkdir(parents=True, exist_ok=True)
            ours.symlink_to(installed)
        native.set_up()
        native.down()
        native.up(services=False)
        for name in ("mail", "caddy"):
            Supervisor(self.site).stop_process(name)
        ports = self.site.ports
        python = str(self.site.python)
        mail = [python, "-m", "bench.mail_sink", str(ports["mail"]), str(ports["mail-web"])]
        port = self.site.port(GATEWAY_PORT)
        gateway = [python, "-m", "bench.gateway", str(port), str(self.gateway_delay_ms)]
        self._spawn("mail_sink", mail, {}, ports["mail-web"])
        self._spawn("gateway", gateway, {}, port)

    def start_services(self, *, replicas: int = 1) -> None:
        """Start each service; the first process of each holds all roles, more are workers with relays."""
        for base in processes(self.site):
            if base.name not in SERVICES:
                continue
            for number in range(replicas):
                self._start_service(base, number)
        checks = {
            f"{one.name} {one.port}": f"http://127.0.0.1:{one.port}/health/ready"
            for one in self.running
            if one.name in SERVICES
        }
        logs = str(self.site.logs)
        wait_until_ready(lambda: complaints(checks), seconds_max=READY_SECONDS_MAX, logs=logs)
        wait_until_ready(self._not_offered, seconds_max=READY_SECONDS_MAX, logs=logs)

    def _not_offered(self) -> dict[str, str]:
        """Complain while checkout has not yet learnt of the card from payments."""
        offered = httpx.get(f"{self.checkout_url}/api/checkout/methods?total=1000", trust_env=False).text
        return {} if f'"{KIND}"' in offered else {"checkout": "does not offer the card yet"}

    def _start_service(self, base: Process, number: int) -> None:
        roles = list(environment.ROLES) if number == 0 else ["worker", "relay"]
        module = "bench.payments_with_card" if base.name == "payments" else base.name
        port = self.site.ports[base.name] if number == 0 else self.site.port(8300 + len(self.running))
        own = {"HTTP_PORT": str(port), **dict.fromkeys(NO_LIMITS, "0"), **self.settings}
        if base.name == "payments":
            own |= {
                "PAYMENTS_METHODS": KIND,
                "PAYMENTS_REQUESTS_AT_ONCE": "64",
                "BENCH_CARD_URL": self.gateway_url,
            }
        self._spawn(
            base.name, [str(self.site.python), "-m", module, *roles], {**base.environment, **own}, port
        )

    def _spawn(self, name: str, command: Sequence[str], own: Mapping[str, str], port: int) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        with (self.site.logs / f"{name}-{len(self.running)}.log").open("wb") as log:
            process = subprocess.Popen(
                command, cwd=self.site.repository, env=kept | dict(own), stdout=log, stderr=subprocess.STDOUT
            )
        self.running.append(Running(name, process, port))

    def stop_services(self) -> None:
        """Stop the services in order; the infrastructure stays."""
        self._stop([one for one in self.running if one.name in SERVICES])

    def stop(self) -> None:
        """Stop everything and delete the data."""
        self._stop(self.running)
        Native(self.site).down()

    def _stop(self, which: Sequence[Running]) -> None:
        for one in which:
            one.process.terminate()
        for one in which:
            with suppress(subprocess.TimeoutExpired):
                one.process.wait(STOP_SECONDS_MAX)
            if one.process.poll() is None:
                one.process.kill()
                one.process.wait()
        self.running = [one for one in self.running if one not in which]

    def server_pids(self) -> dict[str, int]:
        """Process numbers of PostgreSQL and RabbitMQ; their children belong to them."""
        states = {one["name"]: int(one["pid"]) for one in Supervisor(self.site).states()}
        return {name: states[name] for name in ("postgres", "rabbitmq")}

    def session_of(self, member_id: UUID, *, staff: str | None = None) -> str:
        """A session as members signs it, so that nobody has to log in first."""
        issuer = Issuer.from_file("members", self.site.keys / "members/signing.pem")
        claims: dict[str, Any] = {"sub": str(member_id), "sid": str(uuid4()), "name": "椿 花子"}
        return issuer.issue("session", claims | {"staff": staff}, valid_for=timedelta(days=1))

    async def load(self, plan: Mapping[str, Any]) -> dict[str, Any]:
        """Let buyers and staff carry out ``plan``; return what they saw. Raises RuntimeError if they failed."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.load", cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        told, _ = await process.communicate(json.dumps(plan).encode())
        if process.returncode:
            raise RuntimeError("the load generator failed")
        return dict(json.loads(told))


def family(pid: int) -> list[psutil.Process]:
    """A process and all its living descendants."""
    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]
