"""A method is made of pieces: it writes what its terms need, and Noren asks it for nothing else."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from typing_extensions import is_protocol

from deploy.native.site import REPOSITORY
from harness.keys import Keys
from payments import methods
from payments.methods import method as contract
from payments.methods.cash_on_delivery import CashOnDelivery
from payments.methods.method import (
    Authorizes,
    Captures,
    Counter,
    HasPages,
    IssuesNumbers,
    LooksUp,
    Method,
    Reauthorizes,
    Refunds,
    ReportsParcels,
    Shop,
    Voids,
)
from payments.methods.registry import Methods
from payments.payment.rules.answers import Unknown
from payments.payment.rules.moves import MoneyOperation
from payments.requests.provider_gate import ProviderGate
from tests.payments.methods.every_method import driven_kinds, driver_of
from tests.payments.payment_examples import NEW
from tests.payments.payments_service import ORIGIN

README = REPOSITORY / "services/payments/README.md"
OPERATIONS: tuple[MoneyOperation, ...] = ("authorize", "reauthorize", "issue", "capture", "void", "refund")


def pieces() -> Iterator[str]:
    """The names of all pieces that a method writes itself."""
    for found in pkgutil.iter_modules(methods.__path__):
        if not found.ispkg:
            module = importlib.import_module(f"payments.methods.{found.name}")
            own = [one for one in vars(module).values() if getattr(one, "__module__", "") == module.__name__]
            yield from (one.__name__ for one in own if is_protocol(one) and one is not Counter)


def needed(method: Method) -> set[str]:
    """The pieces without which orders by the terms of a method cannot run."""
    terms = method.terms
    if terms.flow == "unmanaged":
        return set()
    found: set[type] = {Authorizes if terms.flow == "authorized" else IssuesNumbers, LooksUp, Voids, Refunds}
    found |= {Captures} if terms.deposit == "capture" else set()
    found |= {Reauthorizes} if terms.may_reauthorize else set()
    found |= {ReportsParcels} if terms.parcels == "reported" else set()
    found |= {HasPages} if method.has_number_page else set()
    return {piece.__name__ for piece in found}


async def test_a_method_names_the_pieces_of_its_terms(keys: Keys, tmp_path: Path) -> None:
    shop = Shop(ORIGIN, sandbox=True, issuer=keys.issuers["payments"])
    made: list[Method] = [CashOnDelivery()]
    for kind in driven_kinds():
        driver = driver_of(kind)
        driver.app(tmp_path, f"{ORIGIN}/unused")
        made.append(driver.method("http://localhost:9", shop))
    for method in made:
        named = {piece.__name__ for piece in type(method).__mro__ if is_protocol(piece)}
        assert needed(method) <= named <= needed(method) | {"HasPages"}, method.kind
        await method.close()


def test_the_readme_and_the_contract_list_every_piece() -> None:
    known = set(pieces())
    section = README.read_text("utf-8").split("## A new payment method is one folder")[1]
    assert known <= set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))
    assert known <= set(contract.__all__)


def test_a_named_piece_that_is_not_written_stops_the_start() -> None:
    class Silent(CashOnDelivery, LooksUp):
        pass

    with pytest.raises(TypeError, match="look_up"):
        Silent()  # type: ignore[abstract]


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_a_call_without_its_piece_decides_nothing(operation: MoneyOperation) -> None:
    gate = ProviderGate(Methods([CashOnDelivery()]))
    answer = await gate.make(operation, replace(NEW, method="cash_on_delivery"), amount=3_300, key="k")
    assert answer == Unknown(reason="method_failed:NotOffered")


async def test_a_look_up_without_its_piece_finds_nothing_out() -> None:
    gate = ProviderGate(Methods([CashOnDelivery()]))
    found = await gate.look_up(replace(NEW, method="cash_on_delivery"))
    assert found == (Unknown(reason="method_failed:NotOffered"),)
