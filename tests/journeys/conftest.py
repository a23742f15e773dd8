"""The whole product, running, and the people in it: for all journeys of a session."""

import os
from collections.abc import AsyncIterator, Iterator

import pytest

from deploy.native.site import CannotRun
from proof.journal import Journal
from proof.load import Load
from proof.observers import Outside
from tests.journeys.stack import Stack, make_stack


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The whole product, running; skipped where its programs cannot be had."""
    made = make_stack()
    try:
        made.set_up()
    except CannotRun as problem:
        pytest.skip(f"needs the native installation: {problem}")
    try:
        made.up()
        yield made
    finally:
        made.down()


@pytest.fixture(scope="session")
async def outside(stack: Stack) -> AsyncIterator[Outside]:
    """All that can be seen of the running product from outside; every event is tapped from here on."""
    journal = {"PROOF_JOURNAL": str(stack.site.data / "journal.jsonl")}
    async with Outside.of({**stack.environment, **journal}) as seen:
        await seen.broker.tap.lay()
        yield seen


@pytest.fixture(scope="session")
async def load(stack: Stack, outside: Outside) -> AsyncIterator[Load]:
    """Buyers, staff and providers of the running product."""
    assert outside.journal_file is not None
    people = Load(stack, outside, Journal(outside.journal_file))
    yield people
    await people.close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run races as often as RACE_TIMES says (`make races TIMES=50`); once where it says nothing."""
    times = int(os.environ.get("RACE_TIMES", "1"))
    if times > 1 and metafunc.module.__name__.endswith("test_races"):
        metafunc.fixturenames.append("time")
        metafunc.parametrize("time", range(1, times + 1))
