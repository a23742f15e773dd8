"""One simulation for all tests here: databases are made once."""

import logging
from collections.abc import Iterator

import pytest
import structlog

from proof.simulation.campaign import Campaign
from proof.simulation.store import Server


@pytest.fixture(scope="module")
def campaign() -> Iterator[Campaign]:
    """A simulation on a PostgreSQL in RAM."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    server = Server()
    try:
        with Campaign(server.url, "tests") as made:
            yield made
    finally:
        server.stop()
        structlog.configure(**before)
