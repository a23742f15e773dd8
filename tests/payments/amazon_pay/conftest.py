"""A simulator that listens on a real port, and a buyer who clicks through its pages."""

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from payments.methods.amazon_pay.simulator.__main__ import make_keys
from payments.methods.amazon_pay.simulator.app import make_app
from payments.methods.amazon_pay.simulator.settings import SimulatorSettings

KEY_ID = "SANDBOX-NORENDEMONORENDEMO000001"


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the merchant's key pair."""
    folder = tmp_path_factory.mktemp("keys")
    make_keys(folder)
    return folder


@dataclass(frozen=True)
class Amazon:
    """The simulator as seen from outside, and the demo's buyer in it."""

    url: str
    settings: SimulatorSettings
    key_file: Path
    browser: httpx.Client

    def ledger(self, kind: str | None = None) -> list[dict[str, Any]]:
        """The truth about money, optionally of one kind."""
        rows = self.browser.get("/ledger").json()["entries"]
        return [row for row in rows if kind in (None, row["kind"])]

    def calls(self, operation: str) -> list[dict[str, Any]]:
        """What the API was asked, of one operation."""
        rows = self.browser.get("/ledger/calls").json()["calls"]
        return [row for row in rows if row["operation"] == operation]

    def notices(self) -> list[dict[str, Any]]:
        """Every notice and what became of it."""
        rows: list[dict[str, Any]] = self.browser.get("/ledger/notices").json()["notices"]
        return rows

    def sign_in(self, session: str, account: str = "hanako") -> str:
        """Pick an account; answers where the browser is sent."""
        return self.submit(f"/checkout/{session}/account", account=account)

    def choose(
        self, session: str, address: str = "hanako-home", instrument: str = "visa", **more: str
    ) -> str:
        """Choose address and instrument; answers where the browser is sent."""
        return self.submit(
            f"/checkout/{session}/review", do="continue", address=address, instrument=instrument, **more
        )

    def pay(self, redirect_url: str) -> str:
        """Follow `amazonPayRedirectUrl`; answers where the browser is sent."""
        return self.browser.get(redirect_url).headers["location"]

    def console(self, charge: str, do: str, amount: str = "") -> None:
        """Press a button of the console."""
        self.submit(f"/console/charges/{charge}", do=do, amount=amount)

    def trouble(self, behaviour: str, target: str = "*") -> None:
        """Ask for odd behaviour of the next such call."""
        assert "できません" not in self.submit("/console/behaviours", target=target, behaviour=behaviour)

    def submit(self, path: str, **fields: str) -> str:
        """Send a form; answers where the browser is sent."""
        response = self.browser.post(path, data=fields)
        assert response.status_code == 303, response.text
        return response.headers["location"]


StartAmazon = Callable[..., Amazon]


@pytest.fixture
def start_amazon(keys: Path, tmp_path: Path) -> Iterator[StartAmazon]:
    """Start simulators with other settings than usual; they stop at the end of the test."""
    running: list[tuple[uvicorn.Server, threading.Thread, httpx.Client]] = []

    def start(**changes: Any) -> Amazon:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        scheme = "https" if changes.get("tls") else "http"
        url = f"{scheme}://127.0.0.1:{port}"
        values: dict[str, Any] = {
            "port": port,
            "origin_url": url,
            "directory": tmp_path / "amazon",
            "public_key_file": keys / "amazon_pay.pub",
            "public_key_id": KEY_ID,
            "pending_seconds": 3600,
            "refund_seconds": 0,
            "hang_seconds": 1.5,
            "notice_retry_seconds": 0.2,
        }
        settings = SimulatorSettings(**(values | changes))
        app = make_app(settings)
        certificate = settings.directory / "notices.pem" if settings.tls else None
        key = settings.directory / "notices.key" if settings.tls else None
        config = uvicorn.Config(
            app,
            port=port,
            log_level="warning",
            ssl_certfile=certificate,
            ssl_keyfile=key,
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        transport = httpx.HTTPTransport(verify=not settings.tls, retries=40)  # waits until it listens
        browser = httpx.Client(base_url=url, transport=transport)
        running.append((server, thread, browser))
        return Amazon(url, settings, keys / "amazon_pay.key", browser)

    yield start
    for server, thread, browser in running:
        browser.close()
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def amazon(start_amazon: StartAmazon) -> Amazon:
    """A simulator with a ledger of its own."""
    return start_amazon()
