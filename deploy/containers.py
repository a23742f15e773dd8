"""The container runtime: the same commands through `docker compose`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from dotenv import dotenv_values

from deploy.native.site import REPOSITORY, SERVICES, CannotRun, Site, demo_login
from deploy.ready import shop_complaints, wait_until_ready

DEMO = REPOSITORY / "deploy/demo.env"
# As in the compose file: name of the variable, usual port.
EDGE, MAIL, QUEUES = ("EDGE_PORT", 8080), ("MAIL_PORT", 1081), ("QUEUES_PORT", 15672)
DATABASE, BROKER = ("DATABASE_PORT", 5434), ("BROKER_PORT", 5674)
SIMULATORS = {
    "amazon_pay": ("AMAZON_PAY_PORT", 8201),
    "konbini": ("KONBINI_PORT", 8202),
    "bank_transfer": ("BANK_TRANSFER_PORT", 8203),
}
CLOCK_VOLUME_FILE = "/clock/offset"
START_SECONDS_MAX = 180


def engine_answers() -> bool:
    """Whether a container engine with the compose plugin answers."""
    if not shutil.which("docker"):
        return False
    return not any(
        subprocess.run(["docker", *arguments], check=False, capture_output=True).returncode
        for arguments in (["info"], ["compose", "version"])
    )


def _port(port: tuple[str, int]) -> str:
    """The port on this machine; it may be moved by its variable."""
    variable, usual = port
    return os.environ.get(variable) or str(usual)


def _url(port: tuple[str, int]) -> str:
    return f"http://127.0.0.1:{_port(port)}"


def _password(of: str) -> str:
    name = f"{of}_PASSWORD"
    return os.environ.get(name) or dotenv_values(DEMO)[name] or ""


def _database_url(service: str) -> str:
    password = _password(f"{service.upper()}_OWNER")
    return f"postgresql+asyncpg://{service}_owner:{password}@127.0.0.1:{_port(DATABASE)}/{service}"


class Containers:
    """Commands on the compose project of this repository."""

    name = "containers"

    def set_up(self) -> None:
        """Build the images."""
        if not engine_answers():
            raise CannotRun("docker compose does not answer: start the engine, or use make demo DOCKER=0")
        self._compose("build", "--quiet")

    def up(self, *, services: bool = True) -> None:
        """Start everything and return when the origin, the consoles and every container are ready."""
        only = [] if services else ["postgres", "rabbitmq", "mail"]
        self._compose("up", "--detach", "--remove-orphans", *only)
        if services:
            wait_until_ready(self._complaints, seconds_max=START_SECONDS_MAX, logs="docker compose logs")

    def stop(self) -> None:
        """Stop everything and keep the data."""
        self._compose("stop")

    def down(self) -> None:
        """Stop everything and delete the containers and their data; images stay."""
        self._compose("--profile", "metrics", "--profile", "demo", "down", "--volumes", "--remove-orphans")

    def restart(self, process: str) -> None:
        """Restart one service of the compose file."""
        self._compose("restart", process)

    def restart_services(self) -> None:
        """Restart the workers of all services."""
        self._compose("restart", *(f"{service}-worker" for service in SERVICES))

    def status(self) -> list[tuple[str, str]]:
        """(container, state) for each container."""
        lines = self._output("ps", "--all", "--format", "{{.Name}}\t{{.Status}}").splitlines()
        return [(name, state) for name, state in (line.split("\t", 1) for line in lines)]

    def follow_logs(self, process: str | None) -> None:
        """Show a service's log, or all, and follow it until interrupted."""
        self._compose("logs", "--follow", "--tail", "50", *([process] if process else []))

    def migrate(self) -> None:
        """Bring every database to the newest schema."""
        for service in SERVICES:
            self._compose("run", "--rm", f"{service}-migrate")

    def declare_topology(self) -> None:
        """Create the services' broker users and declare exchanges and queues."""
        self._compose("run", "--rm", "broker-users")
        for service in SERVICES:
            self._compose("run", "--rm", f"{service}-topology")

    def move_clock(self, offset_seconds: int) -> None:
        """Let the services' clock be ahead by this many seconds; 0 is real time."""
        self._in_clock("sh", "-c", f"echo {offset_seconds} > {CLOCK_VOLUME_FILE}")

    def clock_offset_seconds(self) -> int:
        """By how much the services' clock is ahead."""
        return int(self._in_clock("sh", "-c", f"cat {CLOCK_VOLUME_FILE} || echo 0") or 0)

    def run_tool(self, arguments: list[str]) -> int:
        """Run one of our Python modules with the addresses of the running system in its environment."""
        # The clock of the containers is in a volume; the tool is given a copy of where it stands now.
        clock = Site.from_environment().home / "clock-of-containers"
        clock.write_text(f"{self.clock_offset_seconds()}\n")
        settings = os.environ | {
            "ORIGIN_URL": _url(EDGE),
            "MAIL_URL": _url(MAIL),
            "CLOCK_FILE": str(clock),
            "AMQP_MANAGEMENT_URL": _url(QUEUES),
            "AMQP_ADMIN_URL": f"amqp://noren:{_password('BROKER_ADMIN')}@127.0.0.1:{_port(BROKER)}/",
            **{f"{name.upper()}_DATABASE_URL": _database_url(name) for name in SERVICES},
            **{f"{name.upper()}_SIMULATOR_URL": url for name, url in self._simulators().items()},
        }
        python = REPOSITORY / ".venv/bin/python"
        return subprocess.run(
            [python, "-m", *arguments], cwd=REPOSITORY, env=settings, check=False
        ).returncode

    def places(self) -> list[tuple[str, str]]:
        """(what, address) of everything worth looking at in a browser."""
        return [
            ("shop", _url(EDGE)),
            ("desk", f"{_url(EDGE)}/desk  {demo_login()}"),
            ("mails", _url(MAIL)),
            ("queues", f"{_url(QUEUES)}  noren / {_password('BROKER_ADMIN')}"),
            *((f"{name} simulator", url) for name, url in self._simulators().items()),
            ("logs", "docker compose logs"),
        ]

    def _complaints(self) -> dict[str, str]:
        """What is wrong: containers that are not up and healthy, and an origin that does not answer."""
        template = "{{.Name}}\t{{.State}}\t{{.Health}}\t{{.ExitCode}}"
        found = {}
        for line in self._output("ps", "--all", "--format", template).splitlines():
            name, state, health, exit_code = line.split("\t")
            works = state == "running" and health in {"", "healthy"}
            if not works and (state, exit_code) != ("exited", "0"):
                found[name] = health or f"{state} ({exit_code})"
        return found or shop_complaints(_url(EDGE))

    def _simulators(self) -> dict[str, str]:
        return {name: _url(port) for name, port in SIMULATORS.items()}

    def _in_clock(self, *command: str) -> str:
        return self._output("run", "--rm", "--no-deps", "-T", "clock", *command)

    def _compose(self, *arguments: str) -> None:
        result = subprocess.run(self._command(*arguments), cwd=REPOSITORY, check=False)
        if result.returncode:
            raise CannotRun(f"failed: docker compose {' '.join(arguments)}")

    def _output(self, *arguments: str) -> str:
        result = subprocess.run(
            self._command(*arguments), cwd=REPOSITORY, check=False, capture_output=True, text=True
        )
        if result.returncode:
            raise CannotRun(f"failed: docker compose {' '.join(arguments)}: {result.stderr.strip()}")
        return result.stdout

    def _command(self, *arguments: str) -> list[str]:
        # On a terminal compose draws what it does in place; elsewhere that would be a hundred lines.
        progress = [] if sys.stdout.isatty() else ["--progress", "quiet"]
        files = ["-f", "docker-compose.yml", "-f", "deploy/proof.compose.yml"]
        # The demo's settings, and in their place what the operator has set.
        own = [REPOSITORY / ".env"] if (REPOSITORY / ".env").exists() else []
        settings = [part for file in (DEMO, *own) for part in ("--env-file", str(file))]
        return ["docker", "compose", *settings, *files, *progress, *arguments]
