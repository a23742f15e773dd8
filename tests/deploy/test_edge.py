"""One origin: Caddy brings each path to the service that owns it."""

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from deploy.native.site import REPOSITORY, SERVICES
from deploy.ready import complaints, wait_until_ready

pytestmark = pytest.mark.skipif(shutil.which("caddy") is None, reason="needs Caddy: make setup")


class NamesItself(BaseHTTPRequestHandler):
    """Answers with the name of the service it stands for, and the path it was asked for."""

    def do_GET(self) -> None:
        body = f"{self.server.name} {self.path}".encode()  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def services() -> Iterator[dict[str, ThreadingHTTPServer]]:
    servers = {}
    for name in SERVICES:
        server = ThreadingHTTPServer(("127.0.0.1", 0), NamesItself)
        server.name = name  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers[name] = server
    yield servers
    for server in servers.values():
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def edge(
    services: dict[str, ThreadingHTTPServer], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    ports = {name: server.server_address[1] for name, server in services.items()}
    # Nobody listens for notifications: the page for a service that is down is shown.
    ports["notifications"] = free_port()
    with run_caddy(ports, tmp_path_factory.mktemp("caddy")) as client:
        yield client


class run_caddy:  # noqa: N801 - reads as what it does
    """Caddy with our Caddyfile on a free port, for as long as the block lasts."""

    def __init__(self, ports: dict[str, int], home: Path) -> None:
        port = free_port()
        settings = {f"{name.upper()}_PORT": str(upstream) for name, upstream in ports.items()}
        settings |= {f"{name.upper()}_HOST": "127.0.0.1" for name in ports}
        settings |= {
            "EDGE_PORT": str(port),
            "EDGE_BIND": "127.0.0.1",
            "EDGE_PAGES": str(REPOSITORY / "deploy/caddy"),
        }
        settings |= {"XDG_DATA_HOME": str(home), "XDG_CONFIG_HOME": str(home)}
        self._process = subprocess.Popen(
            [
                "caddy",
                "run",
                "--config",
                str(REPOSITORY / "deploy/caddy/Caddyfile"),
                "--adapter",
                "caddyfile",
            ],
            env=os.environ | settings,
            stderr=subprocess.DEVNULL,
        )
        self._client = httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=10)

    def __enter__(self) -> httpx.Client:
        checks = {"edge": str(self._client.base_url.join("/desk"))}
        wait_until_ready(lambda: complaints(checks), seconds_max=20, logs="none")
        return self._client

    def __exit__(self, *_: object) -> None:
        self._client.close()
        self._process.terminate()
        self._process.wait(10)


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("/", "checkout"),
        ("/items/noren-1?color=ai", "checkout"),
        ("/orders/N-1", "checkout"),
        ("/desk", "checkout"),
        ("/desk/orders", "checkout"),
        ("/static/noren.css", "checkout"),
        ("/api/checkout/openapi.json", "checkout"),
        ("/paymentsoon", "checkout"),
        ("/payments/amazon_pay/start", "payments"),
        ("/desk/payments", "payments"),
        ("/desk/payments/7", "payments"),
        ("/api/payments/methods", "payments"),
        ("/members/login", "members"),
        ("/desk/login", "members"),
        ("/desk/members?q=1", "members"),
        ("/api/members/me", "members"),
    ],
)
def test_a_path_goes_unchanged_to_the_service_that_owns_it(edge: httpx.Client, path: str, owner: str) -> None:
    assert edge.get(path).text == f"{owner} {path}"


@pytest.mark.parametrize("path", ["/metrics", "/health/ready", "/health/live"])
def test_health_and_metrics_are_not_for_the_public(edge: httpx.Client, path: str) -> None:
    assert edge.get(path).status_code == 404


def test_a_service_that_is_down_says_so_in_japanese(edge: httpx.Client) -> None:
    answer = edge.get("/desk/mails")
    assert answer.status_code in {502, 503, 504}
    assert "ただいま表示できません" in answer.text
    assert answer.headers["Retry-After"] == "10"
