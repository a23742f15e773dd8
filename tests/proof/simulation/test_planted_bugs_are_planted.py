"""A planted bug takes the place of something that is there; that it is found is `test_simulated_services.py`."""

import inspect
import re
from dataclasses import fields

import pytest

from members.tables import metadata as members_metadata
from proof.promises import known
from proof.simulation.chance import Chance, Dangers
from proof.simulation.gateway import make_gateway
from proof.simulation.loop import SimulatedLoop
from proof.simulation.mail_server import SimulatedMailServer
from proof.simulation.mutants import MUTANTS, doing
from proof.simulation.parts import KINDS, PLANS, Parts
from proof.simulation.services import Services
from proof.simulation.trace import Trace
from shared.database.transactions import Tx
from shared.events import OrderProcessed

# No promises of the shop: that a run comes to rest, and that a provider can make something of every call.
OF_THE_WORLD = {"L1", "G1"}


def _services(parts: Parts) -> Services:
    loop = SimulatedLoop()
    try:
        return Services(parts, make_gateway(), SimulatedMailServer(Chance(1), Trace(loop.time)))
    finally:
        loop.close()


async def _hear(event: OrderProcessed, tx: Tx) -> None:
    """Hear it."""


def _never(*given: object) -> object:
    raise AssertionError("a worker of a queue that is not there")


@pytest.mark.parametrize(
    "parts",
    [Parts(functions={"members.gone": _hear}), Parts(workers={"members.gone": _never})],  # type: ignore[dict-item]
    ids=["function", "worker"],
)
def test_a_part_for_a_queue_that_is_gone_is_refused(parts: Parts) -> None:
    with pytest.raises(LookupError, match=r"members\.gone"):
        _services(parts)


@pytest.mark.parametrize("name", MUTANTS)
def test_a_planted_bug_replaces_what_is_there(name: str) -> None:
    mutant = MUTANTS[name]

    made = _services(mutant.parts)

    assert made.parts != Parts()
    assert set(mutant.shown_by) <= OF_THE_WORLD | set(known())
    assert set(mutant.parts.strong) <= {field.name for field in fields(Dangers)}
    assert set(mutant.parts.kinds) <= set(KINDS)
    assert set(mutant.parts.plans) <= set(PLANS)


def test_keys_that_a_planted_bug_drops_are_there() -> None:
    [dropped] = re.findall(r"DROP INDEX IF EXISTS ([\w, ]+)", inspect.getsource(doing.credit_again))

    indexes = {index.name for table in members_metadata.tables.values() for index in table.indexes}
    assert set(dropped.split(", ")) <= indexes


def test_a_forgotten_inbox_counts_by_its_second_effect() -> None:
    mutant = MUTANTS["inbox pruned early"]

    assert mutant.is_shown_by("E3 event e1: stands 2 times on a timeline")
    assert not mutant.is_shown_by("E3 event e1: stands on a timeline, and was never heard")
    assert not mutant.is_shown_by("E1 event e1: stands 2 times on a timeline")
