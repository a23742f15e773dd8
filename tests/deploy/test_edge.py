"""One origin: Caddy brings each path to the service that owns it."""

import asyncio
import base64
import os
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from deploy.native.site import REPOSITORY, SERVICES
from deploy.ready import complaints, wait_until_ready
from shared.web.client_address import ClientAddress, Proxies
from shared.web.edge import BODY_SECONDS_MAX, UPLOAD_BYTES_MAX, UPLOAD_SECONDS_MAX, UPLOAD_SUFFIX
from shared.web.session import STAFF_RENEWAL

pytestmark = pytest.mark.skipif(shutil.which("caddy") is None, reason="needs Caddy: make setup")


PROXY, CLIENT = "127.0.0.1", "203.0.113.9"
HEADER_SECONDS = 1
BODY_SECONDS = 3


class NamesItself(BaseHTTPRequestHandler):
    """Answers with the name of the service it stands for, the path it was asked for, and on whose behalf."""

    def do_GET(self) -> None:
        told = self.headers.get("X-Forwarded-For", "") if self.path == "/who" else ""
        body = f"{self.server.name} {self.path} {told}".strip().encode()  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        """Give up on a body that does not come."""
        self.send_response(408)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.close_connection = True

    def do_PUT(self) -> None:
        """Answer with the length of the body."""
        length = len(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(str(length).encode())

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


@pytest.fixture(scope="module")
def behind_a_proxy(
    services: dict[str, ThreadingHTTPServer], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    """Caddy as it is set where this machine ends TLS for https://shop.example."""
    ports = {name: server.server_address[1] for name, server in services.items()}
    settings = {"EDGE_TRUSTED_PROXIES": f"{PROXY} 192.0.2.0/24", "ORIGIN_URL": "https://shop.example"}
    with run_caddy(ports, tmp_path_factory.mktemp("caddy"), **settings) as client:
        yield client


class run_caddy:  # noqa: N801 - reads as what it does
    """Caddy with our Caddyfile on a free port, for as long as the block lasts."""

    def __init__(self, ports: dict[str, int], home: Path, **more: str) -> None:
        port = free_port()
        settings = {f"{name.upper()}_PORT": str(upstream) for name, upstream in ports.items()}
        settings |= {f"{name.upper()}_HOST": "127.0.0.1" for name in ports}
        settings |= {
            "EDGE_PORT": str(port),
            "EDGE_BIND": "127.0.0.1",
            "EDGE_PAGES": str(REPOSITORY / "deploy/caddy"),
        }
        settings |= {"XDG_DATA_HOME": str(home), "XDG_CONFIG_HOME": str(home)}
        settings |= {
            "EDGE_HEADER_SECONDS": str(HEADER_SECONDS),
            "EDGE_BODY_SECONDS": str(BODY_SECONDS),
            **more,
        }
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


@pytest.mark.parametrize(
    "path",
    [
        path
        for plain in ("/metrics", "/health", "/health/ready", "/health/live")
        for path in (
            plain,
            f"{plain}/",
            f"{plain}//",
            f"{plain}?a=1",
            f"/{plain}",
            f"/.{plain}",
            f"/payments/..{plain}",
            f"{plain}%2F",
            f"/%2F{plain[1:]}",
            f"/%{ord(plain[1]):x}{plain[2:]}",
            plain.upper(),
            f"{plain.title()}/",
        )
    ],
)
def test_health_and_metrics_are_not_for_the_public(edge: httpx.Client, path: str) -> None:
    assert status_of(edge, path) == 404


def test_a_service_that_is_down_says_so_in_japanese(edge: httpx.Client) -> None:
    answer = edge.get("/desk/mails")
    assert answer.status_code in {502, 503, 504}
    assert "ただいま表示できません" in answer.text
    assert answer.headers["Retry-After"] == "10"


@pytest.mark.parametrize("path", ["/desk/mails", "/metrics"])
def test_what_caddy_answers_itself_is_as_guarded_as_a_service(edge: httpx.Client, path: str) -> None:
    headers = edge.get(path).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "Strict-Transport-Security" not in headers


def test_the_page_of_a_service_that_is_down_may_use_its_style(edge: httpx.Client) -> None:
    answer = edge.get("/desk/mails")
    style = answer.text.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/", "/desk/mails", "/metrics"])
def test_no_answer_tells_what_it_was_made_with(edge: httpx.Client, path: str) -> None:
    assert "Server" not in edge.get(path).headers


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "shop.example", "10.0.0.1"])
def test_a_host_that_is_not_ours_is_misdirected(edge: httpx.Client, host: str) -> None:
    answer = edge.get("/", headers={"Host": host})
    assert (answer.status_code, answer.text) == (421, "")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("host", ["shop.example", "127.0.0.1", "localhost"])
def test_the_host_of_the_origin_is_ours(behind_a_proxy: httpx.Client, host: str) -> None:
    assert behind_a_proxy.get("/", headers={"Host": host}).text == "checkout /"


def test_an_origin_with_tls_insists_on_it_in_every_answer(behind_a_proxy: httpx.Client) -> None:
    answer = behind_a_proxy.get("/metrics", headers={"Host": "shop.example"})
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def status_of(edge: httpx.Client, path: str) -> int:
    """What is answered to a path that is sent as it stands; clients would tidy it first."""
    with socket.create_connection((PROXY, edge.base_url.port or 0), timeout=10) as asked:
        asked.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        return int(asked.recv(1000).split()[1])


def client_at_the_service(passed: str, in_front: str) -> str:
    """The client that a service takes a request of Caddy for."""
    seen: list[str] = []

    async def note(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["client"][0])

    app = ClientAddress(note, edge=Proxies.read("*"), in_front=Proxies.read(in_front))
    scope = {
        "type": "http",
        "client": ("172.18.0.2", 1),
        "headers": [(b"x-forwarded-for", passed.encode())],
    }
    asyncio.run(app(scope, None, None))  # type: ignore[arg-type]
    return seen[0]


@pytest.mark.parametrize("claimed", ["", "198.51.100.1, "])
def test_behind_a_tls_proxy_the_client_is_counted_not_the_proxy(
    behind_a_proxy: httpx.Client, claimed: str
) -> None:
    headers = {"Host": "shop.example", "X-Forwarded-For": f"{claimed}{CLIENT}, 192.0.2.7"}
    passed = behind_a_proxy.get("/who", headers=headers).text.removeprefix("checkout /who ")
    assert client_at_the_service(passed, f"{PROXY}, 192.0.2.0/24") == CLIENT


def test_a_client_that_claims_to_be_a_proxy_is_not_believed(edge: httpx.Client) -> None:
    passed = edge.get("/who", headers={"X-Forwarded-For": CLIENT}).text.removeprefix("checkout /who ")
    assert (passed, client_at_the_service(passed, "")) == (PROXY, PROXY)


def test_half_a_request_is_not_waited_for(edge: httpx.Client) -> None:
    begun = time.monotonic()
    with socket.create_connection((PROXY, edge.base_url.port or 0), timeout=20 * HEADER_SECONDS) as half:
        half.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
        assert b"200" not in half.recv(1000)
    assert time.monotonic() - begun >= HEADER_SECONDS * 0.9


def test_a_service_that_gives_up_on_a_slow_body_is_still_heard(edge: httpx.Client) -> None:
    with socket.create_connection((PROXY, edge.base_url.port or 0), timeout=20 * BODY_SECONDS) as slow:
        slow.sendall(b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5000\r\n\r\na")
        assert slow.recv(1000).startswith(b"HTTP/1.1 408 ")


def test_caddy_waits_longer_for_a_body_than_any_service_does() -> None:
    caddyfile = (REPOSITORY / "deploy/caddy/Caddyfile").read_text()
    [(header, body)] = re.findall(
        r"EDGE_HEADER_SECONDS:(\d+)\}.*?EDGE_BODY_SECONDS:(\d+)\}", caddyfile, re.DOTALL
    )
    assert int(body) >= int(header) + max(BODY_SECONDS_MAX, UPLOAD_SECONDS_MAX) + 5


@pytest.mark.parametrize(
    ("path", "size", "passes"),
    [
        ("/desk/items/noren-1/pictures/upload", UPLOAD_BYTES_MAX, True),
        (f"{STAFF_RENEWAL}?next=/desk/items/noren-1/pictures/upload", UPLOAD_BYTES_MAX, True),
        ("/desk/items/noren-1/pictures/upload", 22 * 1024 * 1024, False),
        ("/desk/items/noren-1/pictures", 4_900_000, True),
        ("/desk/items/noren-1/pictures", 6_000_000, False),
        ("/desk/upload/pictures", 6_000_000, False),
    ],
)
def test_a_large_body_passes_only_where_files_come_in(
    edge: httpx.Client, path: str, size: int, passes: bool
) -> None:
    answer = edge.put(path, content=b"x" * size)
    assert (answer.status_code == 200, answer.text == str(size)) == (passes, passes)


def test_caddy_and_the_services_take_files_at_the_same_paths() -> None:
    caddyfile = (REPOSITORY / "deploy/caddy/Caddyfile").read_text()
    listed = re.findall(r"@(?:no_)?upload (?:not )?path (.*)", caddyfile)
    assert listed == [f"*{UPLOAD_SUFFIX} {STAFF_RENEWAL}"] * 2
