"""A verification environment never touches a live provider, and a live shop never trusts a simulator."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from harness.keys import Keys
from harness.postgres import MakeDatabase
from payments.providers.sandbox import is_simulator
from payments.tables import metadata
from shared.database.transactions import Database
from tests.payments.methods.every_method import driven_kinds, trial

SECRET = "s3cret-of-the-shop"
BASE = {
    "DATABASE_URL": "postgresql+asyncpg://payments:unused@127.0.0.1:1/payments",
    "AMQP_URL": "amqp://payments:unused@127.0.0.1:1/",
    "AMAZON_PAY_PRIVATE_KEY_FILE": "/nonexistent/merchant.pem",
    "KONBINI_SECRET": SECRET,
    "BANK_TRANSFER_TOKEN": SECRET,
}
LIVE_AMAZON = {
    "AMAZON_PAY_MERCHANT_ID": "A1",
    "AMAZON_PAY_STORE_ID": "amzn1.application-oa2-client.1",
    "AMAZON_PAY_PUBLIC_KEY_ID": "LIVE-A",
    "AMAZON_PAY_TOPIC_ARNS": '["arn:aws:sns:ap-northeast-1:1:x"]',
}


def start(kind: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Start the payments service with one method, as an operator does."""
    return subprocess.run(
        [sys.executable, "-m", "payments", "worker"],
        env={"PATH": os.environ["PATH"], "PAYMENTS_METHODS": kind, **BASE, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.processes
@pytest.mark.feature("OPS-09")
@pytest.mark.parametrize(
    ("kind", "environment", "said"),
    [
        ("konbini", {"KONBINI_URL": "https://api.shuno-daiko.co.jp"}, "KONBINI_URL leads to"),
        ("bank_transfer", {"BANK_TRANSFER_URL": "https://203.0.114.9"}, "BANK_TRANSFER_URL leads to"),
        ("amazon_pay", {"AMAZON_PAY_URL": "https://pay-api.amazon.example.com"}, "AMAZON_PAY_URL leads to"),
        ("amazon_pay", {"AMAZON_PAY_URL": "https://pay-api.amazon.jp", **LIVE_AMAZON}, "is a live key"),
    ],
)
def test_a_sandbox_with_a_live_provider_does_not_start(
    kind: str, environment: dict[str, str], said: str
) -> None:
    ended = start(kind, SANDBOX="true", **environment)

    assert ended.returncode == 1
    assert said in ended.stderr
    assert "SANDBOX" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert SECRET not in ended.stderr + ended.stdout


@pytest.mark.processes
@pytest.mark.parametrize(
    ("kind", "environment"),
    [
        ("konbini", {"KONBINI_URL": "http://simulator-konbini:8000"}),
        ("bank_transfer", {"BANK_TRANSFER_URL": "http://10.0.0.7:8000"}),
        ("amazon_pay", {"AMAZON_PAY_URL": "http://127.0.0.1:8201", **LIVE_AMAZON}),
    ],
)
def test_a_live_shop_that_believes_a_simulator_does_not_start(kind: str, environment: dict[str, str]) -> None:
    ended = start(kind, **environment)

    assert ended.returncode == 1
    assert "simulators need SANDBOX=true" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert SECRET not in ended.stderr + ended.stdout


@pytest.mark.processes
def test_a_live_shop_names_its_line_of_the_terminals_menu() -> None:
    ended = start("konbini", KONBINI_URL="https://api.shuno-daiko.co.jp")

    assert ended.returncode == 1
    assert "KONBINI_TERMINAL_MENU must be set" in ended.stderr


@pytest.mark.parametrize(
    ("url", "simulator"),
    [
        ("http://127.0.0.1:8202", True),
        ("http://[::1]:8202", True),
        ("http://192.168.1.20/", True),
        ("http://simulator-konbini:8000", True),
        ("http://simulator.shop.svc.cluster.local:8000", True),
        ("https://api.provider.co.jp", False),
        ("https://localhost.provider.co.jp", False),
        ("https://203.0.114.9", False),
        ("https://127.0.0.1@api.provider.co.jp/", False),
    ],
)
def test_an_address_tells_whether_a_provider_can_be_there(url: str, simulator: bool) -> None:
    assert is_simulator(url) is simulator


class Connections:
    """Where this process connects to, as the interpreter tells it."""

    def __init__(self) -> None:
        self.made: set[tuple[str, int]] = set()
        self.watching = False
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.watching and event == "socket.connect" and isinstance(arguments[1], tuple):
            self.made.add(arguments[1][:2])


@pytest.fixture(scope="module")
def hook() -> Connections:
    """One for the module: an audit hook stays for as long as the interpreter runs."""
    return Connections()


@pytest.fixture
def connections(hook: Connections) -> Iterator[Connections]:
    hook.made.clear()
    hook.watching = True
    yield hook
    hook.watching = False


@pytest.fixture
async def db(make_db: MakeDatabase) -> AsyncIterator[Database]:
    yield await make_db("payments", metadata)


@pytest.mark.feature("OPS-09")
@pytest.mark.parametrize("kind", driven_kinds())
async def test_a_sandbox_order_reaches_the_simulator_and_nobody_else(
    kind: str, db: Database, keys: Keys, tmp_path: Path, connections: Connections
) -> None:
    async with trial(kind, db, keys, tmp_path) as shop:
        connections.made.clear()
        payment = await shop.order("N1")
        await shop.driver.pay(payment)
        await shop.post_notices()
        await shop.payments.work()

    asked = {f"http://{host}:{port}" for host, port in connections.made}
    assert all(is_simulator(url) for url in asked), asked
    assert bool(asked) is shop.driver.first_call_is_asked
    assert {urlsplit(url).hostname for url in asked} <= {"127.0.0.1"}
