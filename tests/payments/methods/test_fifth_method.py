"""A fifth method is one folder: found, switched on, offered, bought with, and nothing else changes anywhere."""

import re
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import pytest

import payments.methods
from checkout.consumers import consumers
from checkout.payment_menu.read_menu import ReadMenu
from checkout.payment_menu.rows import ask_for_menu
from checkout.tables import metadata as checkout_metadata
from harness.as_seen import BULK, as_seen
from harness.due_once import claim, perform
from harness.hearing import Hearing, said
from harness.keys import Keys
from harness.postgres import MakeDatabase
from payments.methods.method import Shop
from payments.methods.registry import UnknownMethod, find_methods, known_kinds
from payments.tables import metadata
from shared.clock import now
from shared.database.transactions import Database
from shared.events import Event, OrderPlaced, PaymentAuthorized, PaymentCaptured, Shipped
from tests.checkout.order_examples import order_row
from tests.checkout.shopper import Shopper, open_shop, shop_app
from tests.payments.order_examples import placed, shipped
from tests.payments.payments_service import ORIGIN, Payments, make_payments

FOLDER = '''
"""商品券: the buyer shows it on a page of the company that issued it; what is shown there is granted."""

from fastapi import APIRouter
from starlette.responses import RedirectResponse

from payments.payment.rules.answers import Authorized, Captured, NeedsBuyer
from payments.payment.rules.terms import Terms
from payments.methods.method import Menu, Method
from shared.clock import now

SHOWN = set()


class Voucher(Method):
    kind = "voucher"
    terms = Terms(flow="authorized", deposit="capture")

    @classmethod
    def from_environment(cls, shop):
        return cls()

    def menu(self):
        return Menu(kind="voucher", name="商品券", confirm_path="/payments/voucher/leave")

    async def look_up(self, payment):
        return ()

    async def authorize(self, payment, *, key):
        if payment.order_code not in SHOWN:
            return NeedsBuyer(redirect_url=f"https://voucher.example/show/{payment.order_code}")
        return Authorized(authorization_id=key, amount=payment.amount, authorized_at=now())

    async def capture(self, payment, *, amount, key):
        return Captured(amount=amount, captured_at=now(), receipt_id=key)

    def router(self, counter):
        routes = APIRouter()

        @routes.get("/payments/voucher/leave")
        async def leave(order: str):
            payment = await counter.find(order)
            return RedirectResponse(payment.redirect_url, status_code=303)

        @routes.get("/payments/voucher/return")
        async def come_back(order: str):
            await counter.hasten(order)
            return RedirectResponse(f"/orders/{order}", status_code=303)

        return routes


METHOD = Voucher
'''


@pytest.fixture
def fifth_folder(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "methods" / "voucher"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(FOLDER, encoding="utf-8")
    payments.methods.__path__.append(str(folder.parent))
    yield folder
    payments.methods.__path__.remove(str(folder.parent))
    sys.modules.pop("payments.methods.voucher", None)


@pytest.fixture
async def service(
    fifth_folder: Path, make_db: MakeDatabase, keys: Keys, tmp_path: Path
) -> AsyncIterator[Payments]:
    """The payments service with the method of the folder."""
    methods = find_methods(["cash_on_delivery", "voucher"], Shop(ORIGIN, sandbox=True))
    service = make_payments(await make_db("payments", metadata), keys, tmp_path, *methods.values())
    yield service
    await service.browser.aclose()


def folder_of_method() -> ModuleType:
    return sys.modules["payments.methods.voucher"]


async def test_a_folder_is_all_it_takes(service: Payments) -> None:
    assert "voucher" in known_kinds()
    menu = (await service.browser.get("/api/payments/methods")).json()["methods"]
    assert [entry["kind"] for entry in menu] == ["cash_on_delivery", "voucher"]
    folder_of_method().SHOWN.add("N1")
    await service.hears(placed("N1", "voucher"), shipped("N1"))
    await service.work()
    assert [type(event) for event in await service.said()] == [PaymentAuthorized, PaymentCaptured]


@dataclass
class Town:
    """Checkout and payments, whose news is carried between them by hand."""

    shop_db: Database
    payments: Payments
    carried: set[object]

    async def carries_news(self) -> None:
        """Let payments hear what checkout said since, and work."""
        news = [one for one in await said(self.shop_db) if self._is_news(one)]
        await self.payments.hears(*(one for one in news if isinstance(one, OrderPlaced | Shipped)))
        await self.works()

    async def works(self) -> None:
        """Let payments work, and checkout hear what came of it."""
        await self.payments.work()
        news = [one for one in await self.payments.said() if self._is_news(one)]
        await Hearing(consumers, self.shop_db).hears(*news)

    def _is_news(self, event: Event) -> bool:
        known = event.event_id in self.carried
        self.carried.add(event.event_id)
        return not known

    async def reads_menu(self) -> None:
        """Let checkout read the menu of payments, as its worker does."""
        read_menu = ReadMenu(self.shop_db, self.payments.browser, every=timedelta(seconds=5))
        work = read_menu.due_work()
        async with self.shop_db.transaction() as tx:
            await ask_for_menu(tx, at=now())
        await perform(self.shop_db, work, (await claim(self.shop_db, work)).items)


async def test_the_fifth_method_buys_at_checkout(
    service: Payments, make_db: MakeDatabase, keys: Keys
) -> None:
    town = Town(await make_db("checkout", checkout_metadata), service, set())
    await open_shop(town.shop_db, menu=())
    await town.reads_menu()
    shopper = Shopper(shop_app(town.shop_db, keys), keys)

    await shopper.fills_cart()
    await shopper.goes_to_confirmation("voucher")
    answer = await shopper.sends("/order/confirm", **shopper.confirmation)
    leave = answer.headers["location"]
    found = re.fullmatch(r"/payments/voucher/leave\?order=(\S+)", leave)
    assert found is not None, leave
    code = found[1]

    await town.carries_news()
    assert (await service.payment(code)).state == "waiting_for_buyer"
    away = await service.browser.get(leave)
    assert away.headers["location"] == f"https://voucher.example/show/{code}"
    await shopper.opens(f"/orders/{code}")
    assert "お支払いの確認待ち" in shopper.text

    folder_of_method().SHOWN.add(code)
    back = await service.browser.get("/payments/voucher/return", params={"order": code})
    await town.works()
    await shopper.opens(back.headers["location"])
    assert "発送準備中" in shopper.text
    assert "商品券" in shopper.text

    shopper.sign_in("店長 試験", staff="owner")
    await shopper.opens(f"/desk/orders/{code}")
    assert "承認番号" in shopper.text
    await shopper.sends(
        BULK, **await as_seen(shopper.browser, BULK, {"action": "ship", "id": code, "confirmed": "true"})
    )
    await town.carries_news()
    order = await order_row(town.shop_db, code)
    assert (order.payment_kind, order.shipping, order.deposit) == ("voucher", "shipped", "paid")
    await shopper.browser.aclose()


def test_a_name_without_a_folder_is_refused_at_start() -> None:
    with pytest.raises(UnknownMethod, match="no folder 'voucher'"):
        find_methods(["voucher"], Shop(ORIGIN, sandbox=True))
