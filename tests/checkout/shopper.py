"""The shop as a browser sees it: all of checkout's pages in the real frame, on a real database."""

import re
from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

import httpx
import orjson
from fastapi import FastAPI
from pydantic import SecretStr

from checkout.main import install
from checkout.order_desk.health_of_services import HealthOfServices
from checkout.payment_menu.rows import keep_menu
from checkout.payment_menu.rules import Menu, Method
from checkout.placing.read_from_members import Members
from checkout.placing.till import Till
from checkout.settings import Settings
from harness.keys import Keys
from shared.clock import now
from shared.database.transactions import Database
from shared.ids import new_id
from shared.web.operations import Operations
from shared.web.parts import add_part
from tests.checkout.goods import put_on_shelf
from tests.checkout.payment_terms import on_menu

ORIGIN = "http://127.0.0.1:8080"

AMAZON_PAY = {"kind": "amazon_pay", "name": "Amazon Pay", "needs_wallet": True, **on_menu("card_like")}
KONBINI = {
    "kind": "konbini",
    "name": "コンビニ・ATM・ネットバンキング・電子マネー払い",
    "amount_max": 300_000,
    **on_menu("konbini"),
    "choices": [
        {
            "name": "chain",
            "label": "お支払い先",
            "options": [
                {"value": "seven_eleven", "label": "セブンイレブン"},
                {"value": "lawson", "label": "ローソン"},
            ],
        }
    ],
}
BANK_TRANSFER = {"kind": "bank_transfer", "name": "銀行振込", **on_menu("transfer")}
CASH_ON_DELIVERY = {"kind": "cash_on_delivery", "name": "代金引換", **on_menu("cash_on_delivery")}
MENU = (AMAZON_PAY, KONBINI, BANK_TRANSFER, CASH_ON_DELIVERY)

ORDERER = {
    "name": "試験 花子",
    "kana": "シケン ハナコ",
    "email": "hanako.shiken@example.jp",
    "postal_code": "1500001",
    "prefecture": "東京都",
    "address1": "渋谷区神宮前1-2-3",
    "address2": "試験ビル 4F",
    "phone": "09011112222",
}
ADDRESS_A = {
    "name": "財布 一郎",
    "postal_code": "1000005",
    "prefecture": "東京都",
    "address1": "千代田区丸の内1-9-1",
    "address2": "",
    "phone": "0312345678",
}
ADDRESS_B = {
    "name": "財布 実家",
    "postal_code": "2310023",
    "prefecture": "神奈川県",
    "address1": "横浜市中区山下町1-2",
    "address2": "",
    "phone": "0451234567",
}


async def open_shop(
    db: Database,
    *,
    price: int = 1_000,
    available: int = 100,
    menu: tuple[dict[str, Any], ...] = MENU,
    skus: tuple[str, ...] = ("cup",),
) -> None:
    """Put products on the shelf, each with a ledger that explains its stock, and a menu on the wall."""
    async with db.transaction() as tx:
        for sku in skus:
            await put_on_shelf(tx, sku, name=f"試験の品 {sku}", price=price, available=available)
        await keep_menu(tx, Menu([Method.model_validate(entry) for entry in menu]).methods, at=now())


def a_coupon(kind: str, value: int = 0, **changes: Any) -> dict[str, Any]:
    """Return a coupon as members tells of it; it lasts a day."""
    return {
        "issue_id": str(new_id()),
        "name": "試験のクーポン",
        "kind": kind,
        "value": value,
        "minimum": 0,
        "expires_at": (now() + timedelta(days=1)).isoformat(),
        **changes,
    }


class FakeMembers:
    """Answers of members, set by a test; None is no answer in time. Requests are kept for the test."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[httpx.Request] = []

    def client(self) -> httpx.AsyncClient:
        """Return a client that gets these answers."""
        return httpx.AsyncClient(transport=httpx.MockTransport(self._answer), base_url="http://members")

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        for path, body in self.answers.items():
            if request.url.path.startswith(path):
                return httpx.Response(200, content=orjson.dumps(body))
        raise httpx.ConnectTimeout("members is away", request=request)


NO_LIMITS = dict.fromkeys(
    (
        "guest_unpaid_orders_per_email",
        "guest_unpaid_orders_per_browser",
        "guest_unpaid_orders_per_address",
        "member_unpaid_orders",
        "wallet_unpaid_orders",
        "guest_new_carts_per_address",
        "guest_pieces_max",
        "guest_pieces_per_product_max",
        "guest_unpaid_amount_max",
        "member_unpaid_pieces_max",
        "member_unpaid_amount_max",
    ),
    0,
)


def shop_app(
    db: Database,
    keys: Keys,
    members: FakeMembers | None = None,
    *,
    limits: Mapping[str, int] = MappingProxyType({}),
    live: bool = False,
) -> FastAPI:
    """Return checkout's application, without limits of what one buyer may hold unless ``limits`` name them.

    A ``live`` shop must be complete before it takes an order.
    """
    app = FastAPI()
    settings = Settings(
        database_url=SecretStr("postgresql+asyncpg://unused"),
        amqp_url=SecretStr("amqp://unused"),
        origin_url=ORIGIN,
        cookie_secure=False,
        sandbox=not live,
        **{**NO_LIMITS, **limits},  # type: ignore[arg-type]
    )
    install(
        app,
        db,
        settings,
        Till(db, origin_url=ORIGIN, limits=settings.stock_limits, live=live),
        issuer=keys.issuers["checkout"],
        verifier=keys.verifier,
        members=Members((members or FakeMembers()).client()),
    )
    add_part(app, Operations, Operations("checkout", db, amqp_url="amqp://unused", queues=()))
    add_part(app, HealthOfServices, HealthOfServices())
    return app


class Shopper:
    """A browser in the shop. ``page`` is the last page, ``text`` its text without tags."""

    def __init__(self, app: FastAPI, keys: Keys, *, name: str = "") -> None:
        self.keys = keys
        self.browser = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app),
            base_url=ORIGIN,
            headers={"Origin": ORIGIN, "Accept": "text/html"},
        )
        self.member_id = UUID("0190f5fe-7c00-7a00-8000-0000000000aa")
        if name:
            self.sign_in(name)
        self.page = httpx.Response(200)

    def sign_in(
        self, name: str, *, staff: str | None = None, linked: bool = False, proved: bool = True
    ) -> None:
        """Carry a session of members; ``proved``: the member's mail address is."""
        claims = {
            "sub": str(self.member_id),
            "sid": str(UUID(int=7)),
            "name": name,
            "staff": staff,
            "amazon_linked": linked,
            "email_proved": proved,
        }
        self.carry("members", "session", claims)

    def carry(self, service: str, purpose: Any, claims: dict[str, Any], *, minutes: int = 30) -> None:
        """Put a signed statement into the browser."""
        statement = self.keys.issuers[service].issue(purpose, claims, valid_for=timedelta(minutes=minutes))
        self.browser.cookies.set(f"noren_{purpose}", statement)

    def carry_wallet(self, **changes: Any) -> None:
        """Come back from Amazon with address book [A, B], B chosen for delivery."""
        claims = {
            "kind": "amazon_pay",
            "checkout_session_id": "session-1",
            "buyer_id": "amzn1.account.TEST",
            "name": "財布 持子",
            "email": "mochiko@example.jp",
            "addresses": [ADDRESS_A, ADDRESS_B],
            "address": ADDRESS_B,
            "instrument": "Visa ****1111",
            "ceiling": None,
            **changes,
        }
        self.carry("payments", "wallet", claims)

    def carry_benefit(self, **changes: Any) -> None:
        """Come back from members with points set aside."""
        claims = {
            "reservation_id": str(new_id()),
            "member_id": str(self.member_id),
            "points": 500,
            "coupon": None,
            "registration": False,
            "buyer_id": "amzn1.account.TEST" if changes.get("registration") else "",
            "email": "mochiko@example.jp" if changes.get("registration") else "",
            **changes,
        }
        self.carry("members", "benefit", claims)

    async def opens(self, path: str) -> httpx.Response:
        """Open a page, following redirects within the shop."""
        self.page = await self.browser.get(path, follow_redirects=False)
        while self.page.is_redirect and not self.page.headers["location"].startswith(
            ("/payments", "/members")
        ):
            self.page = await self.browser.get(self.page.headers["location"])
        return self.page

    async def sends(self, path: str, **fields: Any) -> httpx.Response:
        """Send a form, without following where it leads."""
        self.page = await self.browser.post(path, data=fields)
        return self.page

    async def is_refused(self, path: str, **fields: Any) -> httpx.Response:
        """Send a form that is refused: by a redirect to a page which shows it, so that reload sends nothing."""
        answer = await self.sends(path, **fields)
        assert answer.status_code == 303, self.text
        return await self.opens(answer.headers["location"])

    async def fills_cart(self, sku: str = "cup", quantity: int = 1) -> None:
        """Put something into the cart."""
        answer = await self.sends("/cart/items", sku=sku, quantity=str(quantity))
        assert answer.headers["location"] == "/cart", answer.text

    async def goes_to_confirmation(self, method: str = "cash_on_delivery", **choices: str) -> None:
        """Fill in the first three screens and open the fourth."""
        assert (await self.sends("/order/customer", **ORDERER)).status_code == 303, self.text
        assert (await self.sends("/order/delivery", deliver_to="orderer")).status_code == 303, self.text
        chosen = {f"{method}-{name}": value for name, value in choices.items()}
        assert (await self.sends("/order/payment", payment_kind=method, **chosen)).status_code == 303, (
            self.text
        )
        await self.opens("/order/confirm")

    @property
    def confirmation(self) -> dict[str, str]:
        """Return the hidden fields of the confirmation on the page."""
        return {name: self.field(name) for name in ("key", "total")}

    def field(self, name: str) -> str:
        """Return the value of an input on the page."""
        found = re.search(rf'<input[^>]*name="{name}"[^>]*value="([^"]*)"', self.page.text)
        assert found is not None, f"no input {name} on the page: {self.text}"
        return found[1]

    @property
    def text(self) -> str:
        """Return the page's text without tags and blanks."""
        body = self.page.text.partition("<main")[2]
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)).strip()
