"""A running native installation and the ways to hurt it: kill, freeze, stop, let die at a named point.

Every call blocks; where load is running on the event loop, use ``await asyncio.to_thread(shop.kill, "payments")``.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

import psutil

from deploy.native import environment
from deploy.native.postgres import SUPERUSER
from deploy.native.processes import Process
from deploy.native.runtime import Native
from deploy.native.site import REPOSITORY, SERVICES, Site
from deploy.ready import answers, complaints, wait_until_ready
from proof.browser import Browser
from proof.staff import Staff

READY_SECONDS_MAX = 240.0
DIES_SECONDS_MAX = 120.0
KILLED = 137
# The crowd of a test buys from one machine, and much of it under one name.
NO_LIMITS = (
    "GUEST_UNPAID_ORDERS_PER_EMAIL",
    "GUEST_UNPAID_ORDERS_PER_BROWSER",
    "GUEST_UNPAID_ORDERS_PER_ADDRESS",
    "MEMBER_UNPAID_ORDERS",
    "WALLET_UNPAID_ORDERS",
    "GUEST_NEW_CARTS_PER_ADDRESS",
    "GUEST_PIECES_MAX",
    "GUEST_PIECES_PER_PRODUCT_MAX",
    "GUEST_UNPAID_AMOUNT_MAX",
    "MEMBER_UNPAID_PIECES_MAX",
    "MEMBER_UNPAID_AMOUNT_MAX",
    "MAILS_PER_ADDRESS_HOUR",
    "ACCOUNT_MAILS_PER_ADDRESS_HOUR",
)


@dataclass
class Doomed:
    """A process in place of the supervised one that dies at a crash point."""

    name: str
    point: str
    process: subprocess.Popen[bytes]
    mark: Path

    @property
    def running(self) -> bool:
        """Whether it has not reached the point yet."""
        return self.process.poll() is None

    @property
    def died_at_its_point(self) -> bool:
        """Whether it ended exactly there: its exit code, and its own mark."""
        marked = self.mark.exists() and self.mark.read_text().split() == [self.point.partition(":")[0]]
        return self.process.poll() == KILLED and marked


class Installation:
    """A running installation: its addresses, and the ways in which it may be hurt."""

    def __init__(self, native: Native) -> None:
        site = native.site
        for name in NO_LIMITS:
            os.environ.setdefault(name, "0")
        self.site = site
        self.native = native
        self.origin_url = site.origin_url
        self.environment: Mapping[str, str] = environment.tools(site)
        self.service_urls = {name: f"http://127.0.0.1:{site.ports[name]}" for name in SERVICES}
        self.simulator_urls = environment.simulator_urls(site)
        self.mail_url = self.environment["MAIL_URL"]
        self.management_url = self.environment["AMQP_MANAGEMENT_URL"]
        self.amqp_url = self.environment["AMQP_ADMIN_URL"]
        self._spawned: list[subprocess.Popen[bytes]] = []

    def superuser_url(self, service: str) -> str:
        """Address of a service's database for who may break its rules, as a test of the checkers does."""
        secret = self.site.secrets["postgres"]
        return f"postgresql://{SUPERUSER}:{secret}@127.0.0.1:{self.site.ports['postgres']}/{service}"

    def down(self) -> None:
        """Stop everything and delete the data."""
        self.kill_spawned()
        self.native.down()

    def kill_spawned(self) -> None:
        """End what was started beside the supervised processes."""
        for process in self._spawned:
            # The number of one that has ended may be another's by now.
            if process.poll() is None:
                _kill_tree(process.pid)
                process.wait()
        self._spawned.clear()

    def pid(self, process: str) -> int:
        """Process number of a supervised process; 0 when it does not run."""
        for state in self.native.supervisor.states():
            if state["name"] == process:
                return int(state["pid"])
        raise LookupError(process)

    def kill(self, process: str) -> None:
        """End a process and its children as kill -9 does; supervisord starts it again."""
        _kill_tree(self.pid(process))

    def signal(self, process: str, number: signal.Signals) -> None:
        """Send a signal to a supervised process."""
        os.kill(self.pid(process), number)

    def stop(self, process: str) -> None:
        """Stop a process in order; it stays stopped."""
        self.native.supervisor.stop_process(process)

    def start(self, process: str) -> None:
        """Start a stopped process and wait until it is ready."""
        self.native.supervisor.start_process(process)
        self.wait_until_ready()

    async def deliver(self, sku: str, pieces: int) -> None:
        """Let goods arrive, as staff book them at the desk. Raises NotOnThePage, ConnectionError."""
        async with Browser(self.origin_url) as browser:
            staff = Staff(browser)
            await staff.log_in()
            await staff.receive(sku, pieces)

    def restart_postgres(self, mode: Literal["fast", "immediate"]) -> None:
        """Restart PostgreSQL as pg_ctl does: ``fast`` disconnects, ``immediate`` is a crash."""
        before = self.pid("postgres")
        self.signal("postgres", signal.SIGINT if mode == "fast" else signal.SIGQUIT)
        _eventually(lambda: self.pid("postgres") not in {0, before}, "PostgreSQL is back")

    def kill_broker(self) -> None:
        """Kill RabbitMQ; supervisord boots it again with the data it had."""
        self.kill("rabbitmq")
        self.wait_for_broker()

    def wait_for_broker(self) -> None:
        """Wait until RabbitMQ answers."""
        _eventually(lambda: answers(self.management_url), "RabbitMQ is back")

    def wait_until_ready(self, *services: str) -> None:
        """Wait until the services (all, if none is named) say that they can do their work."""
        checks = {name: f"{self.service_urls[name]}/health/ready" for name in services or SERVICES}
        logs = str(self.site.logs)
        wait_until_ready(lambda: complaints(checks), seconds_max=READY_SECONDS_MAX, logs=logs)

    def doom(self, name: str, point: str) -> Doomed:
        """Run a service in place of the supervised one so that it dies at ``point`` (``K10:2``: 2nd pass)."""
        self.stop(name)
        mark = self.site.data / f"crash-{name}-{point.replace(':', '-')}-{time.monotonic_ns()}"
        base = self.definition(name)
        process = self.spawn(base, base.command, {"CRASH_AT": point, "CRASH_MARK": str(mark)})
        return Doomed(name, point, process, mark)

    def take_over(self, doomed: Doomed) -> None:
        """Let the supervised process take over from one that died, or did not come to its point."""
        if doomed.running:
            _kill_tree(doomed.process.pid)
        doomed.process.wait()
        self.native.supervisor.start_process(doomed.name)

    def move_clock(self, by: timedelta) -> None:
        """Move the clock of all services and simulators forward."""
        self.native.move_clock(self.native.clock_offset_seconds() + int(by.total_seconds()))

    def definition(self, name: str) -> Process:
        """How a supervised process is started."""
        return next(process for process in self.native.programs() if process.name == name)

    def spawn(self, base: Process, command: list[str], more: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """Start a program in the surroundings of ``base``; ends with the installation."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        with (self.site.logs / f"{base.name}-{len(self._spawned)}.spawned.log").open("ab") as log:
            process = subprocess.Popen(
                command,
                cwd=base.directory,
                env=kept | base.environment | dict(more),
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._spawned.append(process)
        return process


def share_mail_catcher(site: Site) -> None:
    """Let an installation use the mail catcher that `make setup` has installed, where it has."""
    installed, ours = REPOSITORY / ".noren/maildev", site.home / "maildev"
    if installed.exists() and not ours.exists():
        ours.parent.mkdir(parents=True, exist_ok=True)
        ours.symlink_to(installed)


def _kill_tree(pid: int) -> None:
    try:
        root = psutil.Process(pid)
        family = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for process in family:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue


def _eventually(check: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + READY_SECONDS_MAX
    while not check():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not in time: {what}")
        time.sleep(0.1)
