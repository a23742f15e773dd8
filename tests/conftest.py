"""Fixtures that every test may use."""

import os
from collections.abc import AsyncIterator, Iterator

import pytest
import structlog
from hypothesis import settings
from sqlalchemy import MetaData
from sqlalchemy.engine import URL

from harness.keys import Keys
from harness.postgres import MakeDatabase, TestPostgres
from harness.rabbitmq import TestBroker, make_broker, started
from shared import clock
from shared.database.transactions import Database

# A busy machine is slow, which is no fault of what is tested. The same examples are tried each time, so that a run is red
# for what changed; `make properties` draws new ones.
settings.register_profile("patient", deadline=None, derandomize=os.environ.get("PROPERTIES") != "long")
settings.load_profile("patient")
# The default prints the values of all variables with each error, which takes seconds for the errors that tests cause.
*_before_printing, _ = structlog.get_config()["processors"]
_plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
structlog.configure(processors=[*_before_printing, _plain])


@pytest.fixture(scope="session")
def postgres() -> Iterator[TestPostgres]:
    """A PostgreSQL server of this test session."""
    server = TestPostgres()
    yield server
    server.stop()


@pytest.fixture
async def make_db(postgres: TestPostgres) -> AsyncIterator[MakeDatabase]:
    """Make fresh databases: ``db = await make_db("members", metadata)``."""
    made: list[tuple[Database, URL]] = []

    async def make(service: str, metadata: MetaData, *, connections_max: int = 10) -> Database:
        url = await postgres.create_database(service, metadata)
        address = url.render_as_string(hide_password=False)
        db = Database(address, service=service, connections_max=connections_max)
        made.append((db, url))
        return db

    yield make
    for db, url in made:
        await db.close()
        await postgres.drop_database(url)


@pytest.fixture(scope="session")
def keys() -> Keys:
    """Signing keys of all services."""
    return Keys()


@pytest.fixture(autouse=True)
def real_time() -> Iterator[None]:
    """Start each test at the real time, wherever the one before left the clock."""
    clock.clock.reset()
    yield
    clock.clock.reset()


@pytest.fixture(scope="session")
def broker() -> Iterator[TestBroker]:
    """A real RabbitMQ of this test session."""
    with started(make_broker()) as made:
        yield made


SLOW_TO_START = {
    "postgres": pytest.mark.database,
    "stack": pytest.mark.broker,
    "broker": pytest.mark.broker,
    "start_amazon": pytest.mark.processes,
    "edge": pytest.mark.processes,
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what `make test-fast` leaves out, and what shares the running installation; disruptive tests run last.

    What is killed has to boot again, which takes minutes while other tests starve it: by then those that
    `make test` runs beside the installation are done.
    """
    items.sort(key=lambda item: item.get_closest_marker("disruptive") is not None)
    for item in items:
        uses = set(getattr(item, "fixturenames", ()))
        for fixture in SLOW_TO_START.keys() & uses:
            item.add_marker(SLOW_TO_START[fixture])
        if "stack" in uses:
            item.add_marker(pytest.mark.installation)
            # Each wait has a deadline of its own, and the first test waits for all to start.
            item.add_marker(pytest.mark.timeout(900))
