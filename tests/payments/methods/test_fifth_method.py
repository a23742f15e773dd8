"""A fifth method is one folder: found, switched on, offered, paid by, and nothing else changes."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import payments.methods
from harness.keys import Keys
from harness.postgres import MakeDatabase
from payments.method import Shop
from payments.methods import UnknownMethod, find_methods, known_kinds
from payments.storage.tables import metadata
from shared.events import PaymentAuthorized, PaymentCaptured
from tests.payments.order_examples import placed, shipped
from tests.payments.payments_service import ORIGIN, make_payments

FOLDER = '''
"""店頭の商品券: what is asked for is granted."""

from payments.domain.answers import Authorized, Captured
from payments.domain.terms import Terms
from payments.method import Menu, Method
from shared.clock import now


class Voucher(Method):
    kind = "voucher"
    terms = Terms(flow="authorized", deposit="capture")

    @classmethod
    def from_environment(cls, shop):
        return cls()

    def menu(self):
        return Menu(kind="voucher", name="商品券", group="voucher", authorized_at_order=True)

    async def authorize(self, payment, *, key):
        return Authorized(authorization_id=key, amount=payment.amount, authorized_at=now())

    async def capture(self, payment, *, amount, key):
        return Captured(amount=amount, captured_at=now(), receipt_id=key)


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


async def test_a_folder_is_all_it_takes(
    fifth_folder: Path, make_db: MakeDatabase, keys: Keys, tmp_path: Path
) -> None:
    assert "voucher" in known_kinds()
    shop = Shop(ORIGIN, sandbox=True)
    service = make_payments(
        await make_db("payments", metadata),
        keys,
        tmp_path,
        *find_methods(["cash_on_delivery", "voucher"], shop).values(),
    )
    menu = (await service.browser.get("/api/payments/methods")).json()["methods"]
    assert [entry["kind"] for entry in menu] == ["cash_on_delivery", "voucher"]
    await service.hears(placed("N1", "voucher"), shipped("N1"))
    await service.work()
    assert [type(event) for event in await service.said()] == [PaymentAuthorized, PaymentCaptured]
    await service.browser.aclose()


def test_a_name_without_a_folder_is_refused_at_start() -> None:
    with pytest.raises(UnknownMethod, match="no folder 'voucher'"):
        find_methods(["voucher"], Shop(ORIGIN, sandbox=True))
