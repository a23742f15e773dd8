"""Fixtures of the shop's tests."""

from collections.abc import AsyncIterator

import pytest

from checkout.tables import metadata
from harness.keys import Keys
from harness.postgres import MakeDatabase
from shared.database.transactions import Database
from tests.checkout.shopper import Shopper, shop_app


@pytest.fixture
async def shop_db(make_db: MakeDatabase) -> AsyncIterator[Database]:
    """A fresh database of checkout."""
    yield await make_db("checkout", metadata)


@pytest.fixture
async def shopper(shop_db: Database, keys: Keys) -> AsyncIterator[Shopper]:
    """A browser in a shop whose members do not answer."""
    shopper = Shopper(shop_app(shop_db, keys), keys)
    yield shopper
    await shopper.browser.aclose()
