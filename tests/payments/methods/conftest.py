"""The payments service with the method of later.py, found in a folder like any other."""

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

import payments.methods
from harness.keys import Keys
from harness.postgres import MakeDatabase
from payments.methods.method import Shop
from payments.methods.registry import find_methods
from payments.tables import metadata
from tests.payments.methods.later import FOLDER
from tests.payments.payments_service import ORIGIN, Payments, make_payments


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[None]:
    """Write the method's folder where methods are looked for."""
    folder = tmp_path / "methods" / "later"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(FOLDER, encoding="utf-8")
    payments.methods.__path__.append(str(folder.parent))
    yield
    payments.methods.__path__.remove(str(folder.parent))
    sys.modules.pop("payments.methods.later", None)


@pytest.fixture
async def service(folder: None, make_db: MakeDatabase, keys: Keys, tmp_path: Path) -> AsyncIterator[Payments]:
    """A fresh payments service with the method and cash on delivery."""
    methods = find_methods(["later", "cash_on_delivery"], Shop(ORIGIN, sandbox=True)).values()
    made = make_payments(await make_db("payments", metadata), keys, tmp_path, *methods)
    yield made
    await made.browser.aclose()


@pytest.fixture
def later(service: Payments) -> Any:
    """The method as the service found it."""
    return service.methods["later"]
