"""The installation of the benchmark: that of all proof, with a card, a bare mail server and services started by us."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import psutil

from deploy.native import environment, postgres
from deploy.native.processes import Process, processes
from deploy.native.runtime import Native
from deploy.native.site import REPOSITORY, SERVICES, Site
from deploy.ready import complaints, wait_until_ready
from proof import installation
from proof.card import KIND
from shared.shop.statements import Issuer

GATEWAY_PORT = 8204
READY_SECONDS_MAX = 90.0
STOP_SECONDS_MAX = 40.0
SERVERS = ("postgres", "rabbitmq", "mail", "gateway")


@dataclass
class Running:
    """One process of ours."""

    name: str
    process: subprocess.Popen[bytes]
    port: int


class Installation(installation.Installation):
    """Broker, databases, gateway, mail server and the four services, as many workers of each as are wished.

    There are neither the shop's own simulators nor the edge.
    """

    def __init__(self, site: Site, *, gateway_delay_ms: float) -> None:
        self.gateway_url = f"http://127.0.0.1:{site.port(GATEWAY_PORT)}"
        super().__init__(Native(site, lambda site: _programs(site, gateway_delay_ms)))
        self.running: list[Running] = []
        tools = {k: v for k, v in self.environment.items() if not k.endswith("_SIMULATOR_URL")}
        self.environment = tools | {f"{KIND.upper()}_SIMULATOR_URL": self.gateway_url}

    @classmethod
    def at(cls, port_shift: int, *, gateway_delay_ms: float) -> "Installation":
        """The installation of this repository's benchmark."""
        site = Site(home=REPOSITORY / ".noren/bench", port_shift=port_shift)
        return cls(site, gateway_delay_ms=gateway_delay_ms)

    @property
    def checkout_url(self) -> str:
        """Where checkout answers; the benchmark leaves the edge out."""
        return self.service_urls["checkout"]

    def database_url(self, service: str) -> str:
        """The owner's address of a database, for tools."""
        return postgres.owner_url(self.site, service).replace("+asyncpg", "")

    def service_database_url(self, service: str) -> str:
        """The address that the service itself uses."""
        return postgres.service_url(self.site, service)

    def start_infrastructure(self) -> None:
        """Start broker, databases, gateway and mail server anew."""
        installation.share_mail_catcher(self.site)
        self.native.set_up()
        self.native.down()
        self.native.up(services=False)

    def start_services(self, *, replicas: int = 1) -> None:
        """Start each service; the first process of each holds all roles, more are workers with relays."""
        for base in processes(self.site):
            if base.name not in SERVICES:
                continue
            for number in range(replicas):
                self._start_service(base, number)
        checks = {
            f"{one.name} {one.port}": f"http://127.0.0.1:{one.port}/health/ready" for one in self.running
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
        module = "proof.card.payments_with_card" if base.name == "payments" else base.name
        port = self.site.ports[base.name] if number == 0 else self.site.port(8300 + len(self.running))
        own = {"HTTP_PORT": str(port)}
        if base.name == "payments":
            own |= {
                "PAYMENTS_METHODS": KIND,
                "PAYMENTS_REQUESTS_AT_ONCE": "64",
                "PROOF_CARD_URL": self.gateway_url,
            }
        process = self.spawn(base, [str(self.site.python), "-m", module, *roles], own)
        self.running.append(Running(base.name, process, port))

    def stop_services(self) -> None:
        """Stop the services in order; the infrastructure stays."""
        for one in self.running:
            one.process.terminate()
        for one in self.running:
            with suppress(subprocess.TimeoutExpired):
                one.process.wait(STOP_SECONDS_MAX)
            if one.process.poll() is None:
                one.process.kill()
                one.process.wait()
        self.running.clear()

    def shut_down(self) -> None:
        """Stop everything and delete the data."""
        self.stop_services()
        self.down()

    def server_pids(self) -> dict[str, int]:
        """Process numbers of the servers; their children belong to them."""
        return {name: self.pid(name) for name in SERVERS}

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


def _programs(site: Site, gateway_delay_ms: float) -> list[Process]:
    """What supervisord runs: the usual servers, a bare mail server in place of the usual one, and the gateway."""
    python, ports = str(site.python), site.ports
    mail = [python, "-m", "proof.mail_sink", str(ports["mail"]), str(ports["mail-web"])]
    gateway = [python, "-m", "proof.card.gateway", str(site.port(GATEWAY_PORT)), str(gateway_delay_ms)]
    return [
        *(one for one in processes(site) if one.name in ("epmd", "rabbitmq", "postgres")),
        Process(name="mail", command=mail, directory=site.repository, starts_first=True),
        Process(name="gateway", command=gateway, directory=site.repository, starts_first=True),
    ]


def family(pid: int) -> list[psutil.Process]:
    """A process and all its living descendants."""
    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]
