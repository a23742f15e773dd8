"""Where one native installation keeps its files, which ports it listens on, and its secrets."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SERVICES = ("checkout", "payments", "members", "notifications")

SERVICE_PORTS = {"checkout": 8101, "payments": 8102, "members": 8103, "notifications": 8104}
SIMULATOR_PORTS = {"amazon_pay": 8201, "konbini": 8202, "bank_transfer": 8203}
FURTHER_SIMULATORS_FROM = 8211
DEMO_STAFF = ("desk@noren.example", "noren-demo-2026")
# Moved by one of these, no port meets another installation's, nor those that systems hand out to clients.
PORT_SHIFTS = tuple(str(thousands * 1000) for thousands in range(8))
# A Unix socket's path may hold 108 bytes on Linux and 104 on macOS, the closing zero included.
SOCKET_PATH_LENGTH_MAX = 100


class CannotRun(Exception):
    """Something is missing that this program cannot provide; the text says what, in one line."""


def port_shift(variable: str, *, usual: int = 0) -> int:
    """Return how far an environment variable moves all ports; ``usual`` where it is not set. Raises CannotRun."""
    shift = os.environ.get(variable) or str(usual)
    if shift not in PORT_SHIFTS:
        raise CannotRun(f"{variable} must be one of {', '.join(PORT_SHIFTS)}, not {shift!r}")
    return int(shift)


@dataclass(frozen=True)
class Site:
    """One installation. Two of them live side by side when home and port_shift both differ.

    home: folder for data, logs, keys and tools. port_shift: added to every port.
    """

    home: Path
    port_shift: int = 0
    repository: Path = REPOSITORY

    @classmethod
    def from_environment(cls) -> Site:
        """The installation of this repository; NOREN_HOME and NOREN_PORT_SHIFT choose another one."""
        home = Path(os.environ.get("NOREN_HOME") or REPOSITORY / ".noren").resolve()
        return cls(home=home, port_shift=port_shift("NOREN_PORT_SHIFT"))

    def port(self, usual: int) -> int:
        """The port this installation uses in place of the usual one."""
        return usual + self.port_shift

    @property
    def ports(self) -> dict[str, int]:
        """Every port we listen on, by the name of the process that owns it."""
        return {
            "caddy": self.port(8080),
            **{service: self.port(usual) for service, usual in SERVICE_PORTS.items()},
            **{f"simulator-{name}": port for name, port in self.simulator_ports.items()},
            "rabbitmq": self.port(5673),
            "rabbitmq-management": self.port(15673),
            "rabbitmq-metrics": self.port(15693),
            "rabbitmq-distribution": self.port(25673),
            "epmd": self.port(4370),
            "postgres": self.port(5433),
            "mail": self.port(1026),
            "mail-web": self.port(1081),
        }

    @cached_property
    def simulator_ports(self) -> dict[str, int]:
        """Payment method, or provider of several -> port of its simulator."""
        further = (name for name in self.simulator_modules if name not in SIMULATOR_PORTS)
        usual = SIMULATOR_PORTS | {name: FURTHER_SIMULATORS_FROM + n for n, name in enumerate(further)}
        return {name: self.port(usual[name]) for name in self.simulator_modules}

    @cached_property
    def simulator_modules(self) -> dict[str, str]:
        """Payment method, or provider of several -> the module of its simulator; found by folder, so that a new one
        needs no entry here."""
        source = self.repository / "services/payments/src"
        folders = [file.parent for file in source.glob("payments/*/*/simulator/__main__.py")]
        return {one.parent.name: ".".join(one.relative_to(source).parts) for one in sorted(folders)}

    @property
    def origin_url(self) -> str:
        """The one address a browser uses."""
        return f"http://127.0.0.1:{self.ports['caddy']}"

    @property
    def python(self) -> Path:
        """The interpreter all our processes run with."""
        return self.repository / ".venv/bin/python"

    @property
    def data(self) -> Path:
        """What `make down` deletes: databases, queues, files, mails, the moved clock, logs."""
        return self.home / "data"

    @property
    def logs(self) -> Path:
        """One log file for each process."""
        return self.data / "log"

    @property
    def keys(self) -> Path:
        """Signing keys of the services and the key pair of the Amazon Pay sandbox."""
        return self.home / "keys"

    @property
    def files(self) -> Path:
        """Pictures, attachments and papers, a folder for each service."""
        return self.data / "files"

    @property
    def clock_file(self) -> Path:
        """Seconds by which the services' clock is ahead; no file means real time."""
        return self.data / "clock"

    @property
    def node_name(self) -> str:
        """RabbitMQ node, ours alone: the port keeps two installations apart."""
        return f"noren{self.port_shift or ''}@localhost"

    @cached_property
    def control_socket(self) -> Path:
        """supervisord's socket; in the temporary folder where the repository's path is too long for one."""
        inside = self.home / "supervisor.sock"
        if len(os.fsencode(inside)) <= SOCKET_PATH_LENGTH_MAX:
            return inside
        short = sha256(os.fsencode(self.home)).hexdigest()[:16]
        folder = Path(tempfile.gettempdir()) / f"noren-{os.getuid()}-{short}"
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.stat().st_uid != os.getuid():
            raise CannotRun(f"{folder} belongs to someone else; set NOREN_HOME to a folder with a short path")
        return folder / "supervisor.sock"

    @cached_property
    def secrets(self) -> dict[str, str]:
        """Passwords, made once for this installation and readable by its owner only."""
        file = self.home / "secrets.json"
        known: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
        wanted = ["postgres", "broker_admin", "erlang_cookie"]
        wanted += [f"{kind}_{service}" for service in SERVICES for kind in ("database", "owner", "broker")]
        missing = [name for name in wanted if name not in known]
        if missing:
            known |= {name: secrets.token_hex(16) for name in missing}
            self.prepare()
            write_private(file, json.dumps(known, indent=1))
        return known

    def prepare(self) -> None:
        """Create the folders."""
        try:
            for folder in (self.home, self.data, self.logs, self.keys):
                folder.mkdir(parents=True, exist_ok=True)
            (self.home / ".writable").touch()
        except PermissionError as error:
            raise CannotRun(
                f"{self.home} is not writable (did another user make it?): remove it or set NOREN_HOME"
            ) from error


def demo_login() -> str:
    """How to log in at the desk: the account that exists only in a sandbox."""
    email, password = DEMO_STAFF
    return f"{email} / {os.environ.get('STAFF_DEMO_PASSWORD') or password}"


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner can read, from its first byte on."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(text)
