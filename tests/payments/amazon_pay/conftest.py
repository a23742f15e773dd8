"""A simulator that listens on a real port, and a buyer who clicks through its pages."""

import json
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from harness.keys import Keys
from harness.postgres import MakeDatabase
from payments.methods.amazon_pay.client import AmazonPayClient
from payments.methods.amazon_pay.method import AmazonPay
from payments.methods.amazon_pay.sessions import Session
from payments.methods.amazon_pay.settings import AmazonPaySettings
from payments.methods.amazon_pay.simulator.__main__ import make_keys
from payments.methods.amazon_pay.simulator.app import make_app
from payments.methods.amazon_pay.simulator.driving import AmazonDriver
from payments.methods.amazon_pay.simulator.ipn import make_certificate
from payments.methods.amazon_pay.simulator.settings import AmazonSimulatorSettings
from payments.methods.method import Shop
from payments.payment.rules.answers import Answer, Authorized, NeedsBuyer
from payments.payment.rules.payment import Payment
from payments.tables import metadata
from shared.clock import clock, now
from shared.ids import new_id
from tests.payments.amazon_pay.world import World
from tests.payments.payments_service import ORIGIN, make_payments, served


@pytest.fixture(scope="session")
def merchant_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the merchant's key pair."""
    folder = tmp_path_factory.mktemp("keys")
    make_keys(folder)
    make_certificate(folder / "notices.key", folder / "notices.pem")
    return folder


@dataclass(frozen=True)
class Amazon:
    """The simulator as seen from outside, and the demo's buyer in it."""

    url: str
    settings: AmazonSimulatorSettings
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
async def client(amazon: Amazon) -> AsyncIterator[AmazonPayClient]:
    """Our client, pointed at the simulator."""
    async with httpx.AsyncClient() as http:
        yield AmazonPayClient(shop_settings(amazon), http)


def shop_settings(amazon: Amazon, **changes: Any) -> AmazonPaySettings:
    """What the shop is told to find the simulator."""
    values: dict[str, Any] = {
        "url": amazon.url,
        "private_key_file": amazon.key_file,
        "sandbox": True,
        "timeout_seconds": 1,
    }
    return AmazonPaySettings(**(values | changes))


@pytest.fixture
def settings(amazon: Amazon) -> AmazonPaySettings:
    """The shop's settings for the simulator of this test."""
    return shop_settings(amazon)


@pytest.fixture
def start_checkout(amazon: Amazon, settings: AmazonPaySettings) -> Callable[..., str]:
    """Press the button 「amazon pay」 and choose; answers the checkout session's id."""

    def start(account: str = "hanako", chargePermissionType: str = "OneTime", **choices: str) -> str:  # noqa: N803
        payload = json.dumps(
            {
                "webCheckoutDetails": {"checkoutReviewReturnUrl": "https://shop.example.jp/review"},
                "storeId": settings.store_id,
                "chargePermissionType": chargePermissionType,
            }
        )
        button = {
            "payloadJSON": payload,
            "signature": settings.signer.payload_signature(payload),
            "publicKeyId": settings.public_key_id,
            "algorithm": settings.algorithm,
        }
        session = amazon.submit("/checkout", **button).split("/")[2]
        amazon.sign_in(session, account)
        if account != "john":
            amazon.choose(session, **choices)
        return session

    return start


@pytest.fixture
def authorize(
    amazon: Amazon,
    client: AmazonPayClient,
    start_checkout: Callable[..., str],
    purchase: Callable[[int], dict[str, Any]],
) -> Callable[..., Awaitable[Session]]:
    """A checkout, all the way to a completed session."""

    async def complete(amount: int = 5480, **choices: str) -> Session:
        session_id = start_checkout(**choices)
        session = await client.update_session(session_id, purchase(amount))
        assert session.web_checkout_details is not None
        assert session.web_checkout_details.amazon_pay_redirect_url is not None
        amazon.pay(session.web_checkout_details.amazon_pay_redirect_url)
        return await client.complete_session(session_id, amount)

    return complete


@pytest.fixture
def purchase() -> Callable[[int], dict[str, Any]]:
    """What an order adds to a session."""

    def of(amount: int) -> dict[str, Any]:
        return {
            "webCheckoutDetails": {"checkoutResultReturnUrl": "https://shop.example.jp/result"},
            "paymentDetails": {
                "paymentIntent": "Authorize",
                "canHandlePendingAuthorization": True,
                "chargeAmount": {"amount": str(amount), "currencyCode": "JPY"},
            },
            "merchantMetadata": {"merchantReferenceId": "N-1"},
        }

    return of


@pytest.fixture
def start_amazon(merchant_keys: Path, tmp_path: Path) -> Iterator[StartAmazon]:
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
            "url": url,
            "directory": tmp_path,
            "public_key_file": merchant_keys / "amazon_pay.pub",
            "pending_seconds": 3600,
            "refund_seconds": 0,
            "hang_seconds": 1.5,
            "notice_retry_seconds": 0.2,
            "notice_url": "http://127.0.0.1:9/nobody",
        }
        settings = AmazonSimulatorSettings(**(values | changes))
        settings.folder.mkdir(exist_ok=True)
        for name in ("notices.key", "notices.pem"):  # making keys is slow, so all simulators share them
            (settings.folder / name).write_bytes((merchant_keys / name).read_bytes())
        app = make_app(settings)
        certificate = settings.folder / "notices.pem" if settings.tls else None
        key = settings.folder / "notices.key" if settings.tls else None
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
        browser = httpx.Client(base_url=url, verify=not settings.tls)
        while not server.started:
            thread.join(0.01)
            assert thread.is_alive()
        running.append((server, thread, browser))
        return Amazon(url, settings, merchant_keys / "amazon_pay.key", browser)

    yield start
    for server, thread, browser in running:
        browser.close()
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def amazon(start_amazon: StartAmazon) -> Amazon:
    """A simulator with a ledger of its own."""
    return start_amazon()


@pytest.fixture
async def method(settings: AmazonPaySettings) -> AsyncIterator[AmazonPay]:
    method = AmazonPay(
        settings, Shop(origin_url="https://shop.example.jp", sandbox=True), httpx.AsyncClient()
    )
    yield method
    await method.close()


@pytest.fixture
def begin(start_checkout: Any) -> Callable[..., Payment]:
    """A placed order whose buyer chose on Amazon's page."""

    def begin(amount: int = 5480, order_code: str = "N-1", **choices: str) -> Payment:
        session_id = start_checkout(**choices)
        return Payment(
            payment_id=new_id(),
            order_code=order_code,
            method="amazon_pay",
            amount=amount,
            placed_at=now(),
            choice={"checkout_session_id": session_id},
        )

    return begin


@pytest.fixture
def buyer_pays(amazon: Any, method: AmazonPay) -> Any:
    """Authorize as far as the buyer, let the buyer pay, and authorize again."""

    async def pay(payment: Payment, *, returns_after: timedelta = timedelta(0)) -> Answer:
        asked = await method.authorize(payment, key=new_id().hex)
        assert isinstance(asked, NeedsBuyer)
        amazon.pay(asked.redirect_url)
        clock.move(returns_after)
        return await method.authorize(payment, key=new_id().hex)

    return pay


@pytest.fixture
def authorized(begin: Callable[..., Payment], buyer_pays: Any) -> Any:
    """A payment that holds the money."""

    async def authorized(**choices: Any) -> Payment:
        payment = begin(**choices)
        answer = await buyer_pays(payment)
        assert isinstance(answer, Authorized)
        return replace(
            payment,
            state="authorized",
            authorization_id=answer.authorization_id,
            instrument=answer.instrument,
            refs={**payment.refs, **answer.refs},
        )

    return authorized


@pytest.fixture
async def world(make_db: MakeDatabase, keys: Keys, tmp_path: Path) -> AsyncIterator[World]:
    db = await make_db("payments", metadata)
    amazon = AmazonDriver()
    async with served(amazon.app(tmp_path, f"{ORIGIN}/unused")) as url:
        method = amazon.method(url, Shop(ORIGIN, sandbox=True))
        payments = make_payments(db, keys, tmp_path, method)
        async with httpx.AsyncClient(base_url=url) as provider, payments.browser:
            yield World(payments, amazon, provider, keys)
        await method.close()
