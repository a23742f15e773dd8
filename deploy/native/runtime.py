"""The native runtime: what `python -m deploy` does on a machine without containers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from deploy.keys import make_keys
from deploy.native import environment, postgres, rabbitmq
from deploy.native.packages import BROWSER, install_packages
from deploy.native.ports import check_ports
from deploy.native.processes import Process, Programs, Supervisor, processes
from deploy.native.site import SERVICES, CannotRun, Site, demo_login
from deploy.ready import answers, complaints, shop_complaints, wait_until_ready

BROKER_START_SECONDS_MAX = 240
DATABASE_START_SECONDS_MAX = 120
READY_SECONDS_MAX = 180
PAUSE_SECONDS = 0.3


class Native:
    """Commands on one installation."""

    name = "native"

    def __init__(self, site: Site, programs: Programs = processes) -> None:
        self.site = site
        self.supervisor = Supervisor(site, programs)
        self._programs = programs

    def programs(self) -> list[Process]:
        """What this installation consists of."""
        return self._programs(self.site)

    def set_up(self) -> None:
        """Install what is missing and make keys and passwords. Quick when nothing is to be done."""
        self.site.prepare()
        install_packages(self.site)
        _install_mail_catcher(self.site)
        make_keys(self.site.keys, list(SERVICES))

    def set_up_tests(self) -> None:
        """Set up, with a browser. A missing part is reported, and the tests that need it are skipped."""
        for step in (self.set_up, lambda: install_packages(self.site, BROWSER)):
            try:
                step()
            except CannotRun as problem:
                print(f"Some tests will be skipped: {problem}", file=sys.stderr)

    def up(self, *, services: bool = True) -> None:
        """Start everything and return when every health check is ready. Running processes are left running.

        services=False stops after the broker, the databases and the mail catcher, migrated and declared.
        """
        site = self.site
        site.prepare()
        if overruled := environment.overruled(site):
            print(f"A native installation sets these itself: {', '.join(overruled)}", file=sys.stderr)
        if not self.supervisor.running():
            check_ports(site)
            self._configure_broker()
            postgres.initialize(site)
        self.supervisor.start()
        with ThreadPoolExecutor() as pool:
            for step in (pool.submit(self._prepare_broker), pool.submit(self._prepare_databases)):
                step.result()
        if services:
            self.supervisor.start_all()
            self._wait_until_ready(self._health_checks())
            wait_until_ready(
                lambda: shop_complaints(site.origin_url), seconds_max=READY_SECONDS_MAX, logs=str(site.logs)
            )

    def stop(self) -> None:
        """Stop everything and keep the data."""
        self.supervisor.stop()

    def down(self) -> None:
        """Stop everything and delete the data; keys, passwords and installed programs stay."""
        self.stop()
        if self.site.data.exists():
            shutil.rmtree(self.site.data)

    def restart(self, process: str) -> None:
        """Restart one process, for example after a change of its code, and wait until it is ready."""
        self._require_running()
        self.supervisor.restart(process)
        checks = {name: url for name, url in self._health_checks().items() if name == process}
        self._wait_until_ready(checks)

    def restart_services(self) -> None:
        """Restart all services that run."""
        if self.supervisor.running():
            for name in SERVICES:
                self.restart(name)

    def status(self) -> list[tuple[str, str]]:
        """(process, state) for each process; nothing when nothing runs."""
        if not self.supervisor.running():
            return []
        states = [(process["name"], process["statename"].lower()) for process in self.supervisor.states()]
        checks = self._health_checks()
        return [
            (name, "ready" if answers(checks[name]) else "not ready")
            if state == "running" and name in checks
            else (name, state)
            for name, state in states
        ]

    def follow_logs(self, process: str | None) -> None:
        """Show a process's log, or all, and follow it until interrupted."""
        logs = {file.stem: str(file) for file in sorted(self.site.logs.glob("*.log"))}
        if not logs or (process is not None and process not in logs):
            raise CannotRun(f"no such log; there are: {', '.join(logs) or 'none yet'}")
        chosen = [logs[process]] if process is not None else list(logs.values())
        os.execvp("tail", ["tail", "-n", "50", "-F", *chosen])  # noqa: S606 - this process becomes tail

    def migrate(self) -> None:
        """Bring every database to the newest schema; the four at once."""
        self._run_each("migrate")

    def declare_topology(self) -> None:
        """Create the services' broker users and declare exchanges and queues."""
        self._run(["deploy/broker_users.py", *SERVICES], environment.administration(self.site))
        self._run_each("topology")

    def move_clock(self, offset_seconds: int) -> None:
        """Let the services' clock be ahead by this many seconds; 0 is real time."""
        self.site.prepare()
        # Replaced in one step: a service must never read half a number.
        new = self.site.clock_file.with_suffix(".new")
        new.write_text(f"{offset_seconds}\n")
        new.replace(self.site.clock_file)

    def clock_offset_seconds(self) -> int:
        """By how much the services' clock is ahead."""
        return int(self.site.clock_file.read_text()) if self.site.clock_file.exists() else 0

    def settings(self, process: str) -> dict[str, str]:
        """The environment that a process is given."""
        known = {program.name: program.environment for program in self.programs()}
        if process not in known:
            raise CannotRun(f"there is no process {process}; there are {', '.join(known)}")
        return known[process]

    def run_tool(self, arguments: list[str]) -> int:
        """Run one of our Python modules with the addresses of the running system in its environment."""
        settings = os.environ | environment.tools(self.site)
        return subprocess.run(
            [self.site.python, "-m", *arguments], cwd=self.site.repository, env=settings, check=False
        ).returncode

    def places(self) -> list[tuple[str, str]]:
        """(what, address) of everything worth looking at in a browser."""
        site = self.site
        return [
            ("shop", site.origin_url),
            ("desk", f"{site.origin_url}/desk  {demo_login()}"),
            ("mails", f"http://127.0.0.1:{site.ports['mail-web']}"),
            ("queues", f"{rabbitmq.management_url(site)}  {rabbitmq.ADMIN} / {site.secrets['broker_admin']}"),
            *((f"{name} simulator", url) for name, url in environment.simulator_urls(site).items()),
            ("logs", str(site.logs)),
        ]

    def _health_checks(self) -> dict[str, str]:
        """Process -> address that answers 200 when it can do its work."""
        services = {name: f"http://127.0.0.1:{self.site.ports[name]}/health/ready" for name in SERVICES}
        simulators = {
            f"simulator-{name}": f"{url}/health/ready"
            for name, url in environment.simulator_urls(self.site).items()
        }
        return services | simulators | {"mail": f"http://127.0.0.1:{self.site.ports['mail-web']}/healthz"}

    def _wait_until_ready(self, checks: dict[str, str]) -> None:
        wait_until_ready(lambda: complaints(checks), seconds_max=READY_SECONDS_MAX, logs=str(self.site.logs))

    def _configure_broker(self) -> None:
        rabbitmq.configure(self.site)

    def _prepare_broker(self) -> None:
        console = rabbitmq.management_url(self.site)
        self._wait_for("RabbitMQ", lambda: answers(console), BROKER_START_SECONDS_MAX)
        self.declare_topology()

    def _prepare_databases(self) -> None:
        self._wait_for("PostgreSQL", lambda: postgres.ready(self.site), DATABASE_START_SECONDS_MAX)
        postgres.create_databases(self.site)
        self.migrate()

    def _wait_for(self, name: str, ready: Callable[[], bool], seconds_max: float) -> None:
        deadline = time.monotonic() + seconds_max
        while not ready():
            if time.monotonic() > deadline:
                raise CannotRun(
                    f"{name} did not start within {seconds_max:.0f} s; see the logs in {self.site.logs}"
                )
            time.sleep(PAUSE_SECONDS)

    def _require_running(self) -> None:
        if not self.supervisor.running():
            raise CannotRun("nothing is running: make up")

    def _run_each(self, command: str) -> None:
        site = str(self.site.home), str(self.site.port_shift)
        self._run(["-m", "deploy.native.each_service", command, *site], {})

    def _run(self, arguments: list[str], settings: dict[str, str]) -> None:
        """Run a Python command with the given settings; its output is shown only when it fails."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        result = subprocess.run(
            [self.site.python, *arguments],
            cwd=self.site.repository,
            env=kept | settings,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if result.returncode:
            sys.stderr.write(result.stdout)
            raise CannotRun(f"failed: python {' '.join(arguments)}")


def _install_mail_catcher(site: Site) -> None:
    """`npm ci` by the committed lock file, again only after that file has changed."""
    source = site.repository / "deploy/maildev"
    target = site.home / "maildev"
    lock = (source / "package-lock.json").read_text()
    installed = target / "installed-lock.json"
    if installed.exists() and installed.read_text() == lock:
        return
    print("Installing the mail catcher", flush=True)
    target.mkdir(exist_ok=True)
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(source / name, target / name)
    log = site.logs / "npm.log"
    with log.open("w") as stream:
        command = ["npm", "ci", "--omit=dev", "--ignore-scripts", "--no-progress"]
        result = subprocess.run(command, cwd=target, stdout=stream, stderr=stream, check=False)
    if result.returncode:
        raise CannotRun(f"the mail catcher could not be installed from npm; see {log}")
    installed.write_text(lock)
