"""RabbitMQ for tests: a container where an engine answers, else a private native node.

``TEST_BROKER=native`` or ``TEST_BROKER=container`` decides by hand.
"""

import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, Protocol

import httpx
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer

from deploy.native import rabbitmq
from deploy.native.site import Site

IMAGE = "rabbitmq:4-management"
# So far apart that no port of one node meets another's.
WORKERS_APART = 25
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
# Beside the installation of the journeys, which is moved by TEST_PORT_SHIFT itself; each worker of pytest-xdist has
# a node of its own.
NATIVE_PORT_SHIFT = int(os.environ.get("TEST_PORT_SHIFT", "3000")) - 500 + WORKERS_APART * WORKER
BOOT_SECONDS_MAX = 90


class TestBroker(Protocol):
    """A running broker: its addresses, and the ways in which a test may hurt it."""

    __test__: ClassVar[bool] = False

    amqp_url: str
    management_url: str
    user: str
    password: str

    def kill(self) -> None:
        """End the broker as a crash would."""

    def start(self) -> None:
        """Boot it (again) with the data that it had, and wait until it answers."""

    def stop(self) -> None:
        """End it for good."""


def answers(broker: TestBroker) -> bool:
    """Tell whether the management interface answers."""
    try:
        reply = httpx.get(
            f"{broker.management_url}/api/overview", auth=(broker.user, broker.password), timeout=2
        )
    except httpx.HTTPError:
        return False
    return reply.status_code == 200


@contextmanager
def started(broker: TestBroker) -> Iterator[TestBroker]:
    """Start a broker and end it at the end of the block, also if it does not come up."""
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()


def wait_until_up(broker: TestBroker) -> None:
    """Wait until the management interface answers. Raises TimeoutError."""
    deadline = time.monotonic() + BOOT_SECONDS_MAX
    while not answers(broker):
        if time.monotonic() > deadline:
            raise TimeoutError("RabbitMQ did not come up")
        time.sleep(0.2)


class NativeBroker(TestBroker):
    """A node of our own, from the OS package, with its own ports, data and name; ``more`` are further settings."""

    def __init__(
        self, *, port_shift: int = NATIVE_PORT_SHIFT, more: Mapping[str, object] = MappingProxyType({})
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="noren-mq-", ignore_cleanup_errors=True)
        self.site = Site(home=Path(self._folder.name), port_shift=port_shift)
        self.site.prepare()
        rabbitmq.configure(self.site, more=more)
        self.amqp_url = rabbitmq.admin_url(self.site)
        self.management_url = rabbitmq.management_url(self.site)
        self.user, self.password = rabbitmq.ADMIN, self.site.secrets["broker_admin"]
        self._process: subprocess.Popen[bytes] | None = None
        self._epmd: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Boot the node and wait until it answers."""
        if self._epmd is None:
            # RabbitMQ would start this itself, outside its process group, and leave it behind.
            port = self.site.ports["epmd"]
            self._epmd = self._spawn("epmd", "-address", "127.0.0.1", "-port", str(port))
            _wait_until(port, listens=True)
        self._process = self._spawn(str(rabbitmq.scripts() / "rabbitmq-server"))
        wait_until_up(self)

    def kill(self) -> None:
        """Kill the node's processes at once."""
        _kill_group(self._process, self.site.ports["rabbitmq"])
        self._process = None

    def stop(self) -> None:
        """End the node and forget its data."""
        self.kill()
        _kill_group(self._epmd, self.site.ports["epmd"])
        self._epmd = None
        self._folder.cleanup()

    def _spawn(self, *command: str) -> subprocess.Popen[bytes]:
        with (self.site.logs / "rabbitmq.log").open("ab") as log:
            return subprocess.Popen(
                command,
                cwd=self._folder.name,  # where a dying node leaves its dump
                env={**os.environ, **rabbitmq.environment(self.site)},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )


class ContainerBroker(TestBroker):
    """The image that production runs."""

    def __init__(self) -> None:
        # The clean-up container of testcontainers is one more image to have; stop() cleans up.
        testcontainers_config.ryuk_disabled = True
        self.user, self.password = "noren", "noren"
        self._made = False
        # Chosen once, so that a killed container comes back where its clients look for it.
        amqp_port, management_port = _free_port(), _free_port()
        self._container = (
            DockerContainer(IMAGE)
            .with_env("RABBITMQ_DEFAULT_USER", self.user)
            .with_env("RABBITMQ_DEFAULT_PASS", self.password)
            .with_bind_ports(5672, amqp_port)
            .with_bind_ports(15672, management_port)
            .with_kwargs(hostname="noren-test")
        )
        self.amqp_url = f"amqp://{self.user}:{self.password}@127.0.0.1:{amqp_port}/"
        self.management_url = f"http://127.0.0.1:{management_port}"

    def start(self) -> None:
        """Boot the container and wait until it answers."""
        if self._made:
            self._container.get_wrapped_container().start()
        else:
            self._container.start()
            self._made = True
        wait_until_up(self)

    def kill(self) -> None:
        """Kill the container's processes at once; its data stays."""
        self._container.get_wrapped_container().kill()

    def stop(self) -> None:
        """Remove the container."""
        self._container.stop()


def engine_answers() -> bool:
    """Tell whether a container engine with the broker's image is there."""
    found = subprocess.run(["docker", "image", "inspect", IMAGE], capture_output=True, check=False)
    return found.returncode == 0


def make_broker() -> TestBroker:
    """Return a broker of the kind that this machine can run, not yet started."""
    wanted = os.environ.get("TEST_BROKER") or ("container" if _docker_there() else "native")
    if wanted == "container":
        return ContainerBroker()
    return NativeBroker()


def _docker_there() -> bool:
    try:
        return engine_answers()
    except FileNotFoundError:
        return False


def _kill_group(process: subprocess.Popen[bytes] | None, port: int) -> None:
    if process is not None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        # The first of the group is gone; its children, who hold the port, end a moment later.
        _wait_until(port, listens=False)


def port_is_open(port: int) -> bool:
    """Tell whether somebody listens on a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _wait_until(port: int, *, listens: bool) -> None:
    deadline = time.monotonic() + BOOT_SECONDS_MAX
    while port_is_open(port) is not listens:
        if time.monotonic() > deadline:
            raise TimeoutError(f"port {port} is {'not ' if listens else ''}listened to")
        time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
