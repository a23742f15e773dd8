"""The payments service with a card of the tests' own, konbini and bank transfer on simulators, and COD."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.keys import Keys
from harness.postgres import MakeDatabase
from payments.methods.bank_transfer.simulator.driving import BankDriver
from payments.methods.cash_on_delivery import CashOnDelivery
from payments.methods.konbini.simulator.driving import KonbiniDriver
from payments.methods.method import Method, Shop
from payments.tables import metadata
from tests.payments.card import Card, CardCompany
from tests.payments.payments_service import ORIGIN, Payments, make_payments, served
from tests.payments.scripted import Scripted


@dataclass
class Shopping:
    """The service and the outside world around it."""

    payments: Payments
    card: CardCompany
    konbini: KonbiniDriver
    bank: BankDriver


@pytest.fixture
async def shopping(make_db: MakeDatabase, keys: Keys, tmp_path: Path) -> AsyncIterator[Shopping]:
    """A fresh payments service with its providers."""
    db = await make_db("payments", metadata)
    shop = Shop(ORIGIN, sandbox=True)
    konbini, bank, card = KonbiniDriver(), BankDriver(), CardCompany()
    async with AsyncExitStack() as stack:
        methods: list[Method] = [Card(card), CashOnDelivery()]
        for driver in (konbini, bank):
            url = await stack.enter_async_context(served(driver.app(tmp_path, f"{ORIGIN}/unused")))
            method = driver.method(url, shop)
            stack.push_async_callback(method.close)
            methods.append(method)
        payments = make_payments(db, keys, tmp_path, *methods)
        stack.push_async_callback(payments.browser.aclose)
        yield Shopping(payments, card, konbini, bank)


@pytest.fixture
async def method() -> Scripted:
    """A provider that says what the test wrote down."""
    return Scripted()


@pytest.fixture
async def payments(
    make_db: MakeDatabase, keys: Keys, tmp_path: Path, method: Scripted
) -> AsyncIterator[Payments]:
    """A fresh payments service with that provider alone."""
    service = make_payments(await make_db("payments", metadata), keys, tmp_path, method)
    yield service
    await service.browser.aclose()
