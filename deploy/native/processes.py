"""Which processes make up an installation, and supervisord, which runs them."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, ServerProxy

import jinja2
import psutil
from supervisor.xmlrpc import Faults, SupervisorTransport

from deploy.native import environment, postgres, rabbitmq
from deploy.native.site import SERVICES, CannotRun, Site, write_private

STOP_SECONDS_MAX = 60
# The rest is stopped before these: the database because all use it, epmd because RabbitMQ's stopping does.
LAST_TO_STOP = ("postgres", "epmd")


@dataclass(frozen=True, kw_only=True)
class Process:
    """One supervised program. starts_first: runs as soon as supervisord does, before the databases exist."""

    name: str
    command: list[str]
    directory: Path
    environment: dict[str, str] = field(default_factory=dict)
    user: str | None = None
    starts_first: bool = False
    stop_signal: str = "TERM"
    stop_group: bool = False

    def __post_init__(self) -> None:
        """Refuse what supervisord's configuration file cannot express."""
        for name, value in self.environment.items():
            if "'" in value or "\n" in value:
                raise CannotRun(f"{name} must not contain an apostrophe or a line break: {value!r}")


def processes(site: Site) -> list[Process]:
    """All processes, the slowest to start first."""
    return [*_infrastructure(site), *_simulators(site), *_services(site)]


def _infrastructure(site: Site) -> list[Process]:
    maildev = site.home / "maildev/node_modules/maildev/bin/maildev"
    mail_options = [
        "--smtp",
        str(site.ports["mail"]),
        "--web",
        str(site.ports["mail-web"]),
        "--ip",
        "127.0.0.1",
    ]
    caddyfile = str(site.repository / "deploy/caddy/Caddyfile")
    return [
        # RabbitMQ would start this itself, and leave it behind when it stops.
        Process(
            name="epmd",
            command=[_program("epmd"), "-address", "127.0.0.1", "-port", str(site.ports["epmd"])],
            directory=site.data,
            starts_first=True,
        ),
        Process(
            name="rabbitmq",
            command=[str(rabbitmq.scripts() / "rabbitmq-server")],
            directory=site.data / "rabbitmq",
            environment=rabbitmq.environment(site),
            starts_first=True,
            stop_group=True,
        ),
        Process(
            name="postgres",
            command=postgres.command(site),
            directory=Path("/"),
            user=postgres.runs_as(),
            starts_first=True,
            stop_signal="INT",  # PostgreSQL's fast shutdown: does not wait for clients to leave
        ),
        Process(
            name="mail",
            command=[
                _program("node"),
                str(maildev),
                *mail_options,
                "--mail-directory",
                str(site.data / "mails"),
            ],
            directory=site.data,
            starts_first=True,
        ),
        Process(
            name="caddy",
            command=[_program("caddy"), "run", "--config", caddyfile, "--adapter", "caddyfile"],
            directory=site.data,
            environment=environment.edge(site),
            starts_first=True,
        ),
    ]


def _simulators(site: Site) -> list[Process]:
    return [
        Process(
            name=f"simulator-{name}",
            command=[str(site.python), "-m", module],
            directory=site.repository,
            environment=environment.simulator(site, name),
        )
        for name, module in site.simulator_modules.items()
    ]


def _services(site: Site) -> list[Process]:
    return [
        Process(
            name=service,
            command=[str(site.python), "-m", service, *environment.ROLES],
            directory=site.repository,
            environment=environment.service(site, service),
        )
        for service in SERVICES
    ]


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise CannotRun(f"{name} is missing: run make setup")
    return found


def render(site: Site, programs: list[Process]) -> str:
    """The text of supervisord's configuration file."""
    template = (Path(__file__).parent / "supervisord.conf.j2").read_text()
    root = os.geteuid() == 0
    text: str = jinja2.Template(template).render(site=site, processes=programs, root=root)
    return text


# What an installation consists of; one with other settings or more replicas hands over its own.
Programs = Callable[[Site], list[Process]]


class Supervisor:
    """The running supervisord of an installation."""

    def __init__(self, site: Site, programs: Programs = processes) -> None:
        self.site = site
        self._programs = programs

    @property
    def _call(self) -> Any:
        # A connection of its own for each call: one that is kept breaks when supervisord is started anew.
        transport = SupervisorTransport(None, None, f"unix://{self.site.control_socket}")
        return ServerProxy("http://127.0.0.1", transport=transport).supervisor

    def running(self) -> bool:
        """Whether supervisord answers."""
        if not self.site.control_socket.exists():
            return False
        try:
            self._call.getState()
        except OSError:
            return False
        return True

    def start(self) -> None:
        """Start supervisord, or let a running one take over changed definitions; data stays as it is."""
        self._write_configuration()
        if self.running():
            self._take_over_changes()
            return
        supervisord = self.site.repository / ".venv/bin/supervisord"
        subprocess.run([supervisord, "-c", self._configuration], check=True, env=_clean_environment())

    def start_all(self) -> None:
        """Start what is not running yet; does not wait for it to be ready."""
        for process in self.states():
            if process["statename"] not in {"RUNNING", "STARTING"}:
                self.start_process(process["name"])

    def restart(self, name: str) -> None:
        """Stop one process and start it again with the present code."""
        self.stop_process(name)
        self.start_process(name)

    def stop_process(self, name: str) -> None:
        """Stop one process in order, if it runs; it stays stopped."""
        try:
            self._call.stopProcess(name)
        except Fault as fault:
            if fault.faultCode == Faults.BAD_NAME:
                names = ", ".join(process["name"] for process in self.states())
                raise CannotRun(f"there is no process {name}; there are {names}") from fault
            if fault.faultCode != Faults.NOT_RUNNING:
                raise

    def start_process(self, name: str) -> None:
        """Start one process, if it does not run; does not wait for it to be ready."""
        try:
            self._call.startProcess(name, False)
        except Fault as fault:
            if fault.faultCode != Faults.ALREADY_STARTED:
                raise

    def states(self) -> list[dict[str, Any]]:
        """name, statename, description and so on of each process, as supervisord says it."""
        states: list[dict[str, Any]] = self._call.getAllProcessInfo()
        return states

    def stop(self) -> None:
        """Stop all processes in order, services first, then supervisord itself."""
        if not self.running():
            return
        names = [process["name"] for process in self.states()]
        services = [name for name in names if name.partition("-")[0] in SERVICES]
        self._stop_processes(services)
        last = [name for name in names if name.partition("-")[0] in LAST_TO_STOP]
        self._stop_processes([name for name in names if name not in {*services, *last}])
        pid = self._call.getPID()
        self._call.shutdown()
        try:
            psutil.Process(pid).wait(STOP_SECONDS_MAX)
        except psutil.NoSuchProcess:
            return
        except psutil.TimeoutExpired as error:
            raise CannotRun(
                f"supervisord ({pid}) does not stop; see {self.site.logs}/supervisord.log"
            ) from error

    @property
    def _configuration(self) -> Path:
        return self.site.home / "supervisord.conf"

    def _write_configuration(self) -> None:
        write_private(self._configuration, render(self.site, self._programs(self.site)))

    def _take_over_changes(self) -> None:
        [[added, changed, removed]] = self._call.reloadConfig()
        for group in [*changed, *removed]:
            self._call.stopProcessGroup(group)
            self._call.removeProcessGroup(group)
        for group in [*added, *changed]:
            self._call.addProcessGroup(group)

    def _stop_processes(self, names: list[str]) -> None:
        """Ask all at once, then wait: each may take its time to finish what it does."""
        for name in names:
            try:
                self._call.stopProcess(name, False)
            except Fault as fault:
                if fault.faultCode != Faults.NOT_RUNNING:
                    raise
        deadline = time.monotonic() + STOP_SECONDS_MAX
        while time.monotonic() < deadline:
            stopping = [p for p in self.states() if p["name"] in names and p["statename"] == "STOPPING"]
            if not stopping:
                return
            time.sleep(0.2)


def _clean_environment() -> dict[str, str]:
    """The part of the caller's environment that processes inherit; all other variables are set explicitly."""
    kept = ("PATH", "HOME", "LANG", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "USER", "LOGNAME")
    return {name: value for name, value in os.environ.items() if name in kept}
