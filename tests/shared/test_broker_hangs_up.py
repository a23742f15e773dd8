"""A balancer that has no broker behind it takes connections and hangs up; that is an outage like any other.

A process that is busy just then finds the end before it has looked for the greeting, of which aiormq says
something that is no error of the broker: StopAsyncIteration. The services died of it, again and again.
"""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import uvloop

from shared.messaging.amqp import BrokerError, BrokerUnavailable, Link, Outgoing, Publisher, event_properties

TRIES = 5
BUSY_SECONDS = 0.01
Run = Callable[[Coroutine[Any, Any, None]], None]
# The services run on uvloop, which tells of connection and end in one go.
loops = pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])


@pytest.fixture
def nobody_behind() -> Iterator[str]:
    """Address of who takes connections in a thread of its own, and ends them at once."""
    taken: list[socket.socket] = []
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            connection.shutdown(socket.SHUT_WR)
            taken.append(connection)

    serving = threading.Thread(target=serve)
    serving.start()
    yield f"amqp://checkout:secret@127.0.0.1:{server.getsockname()[1]}/"
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    serving.join()
    for connection in taken:
        connection.close()


async def busily(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Do the work in a process that has much else to do."""

    async def much_else() -> None:
        while True:
            time.sleep(BUSY_SECONDS)  # noqa: ASYNC251 - to keep the loop busy is the point
            await asyncio.sleep(0)

    else_ = asyncio.create_task(much_else())
    try:
        for _ in range(TRIES):
            await work()
    finally:
        else_.cancel()


@loops
def test_who_is_hung_up_on_hears_of_the_broker_s_trouble(nobody_behind: str, run: Run) -> None:
    async def opens() -> None:
        with pytest.raises(BrokerError):
            await Link(nobody_behind, "test").channel(confirms=False)

    run(busily(opens))


@loops
def test_a_publisher_hung_up_on_says_broker_unavailable(nobody_behind: str, run: Run) -> None:
    properties = event_properties(
        event_id="1",
        type_="shipped.v1",
        correlation="",
        occurred_at=datetime.now(UTC),
        app_id="checkout",
        headers={},
    )

    async def publishes() -> None:
        with pytest.raises(BrokerUnavailable):
            message = Outgoing("checkout.events", "shipped.v1", b"{}", properties)
            await Publisher(nobody_behind, "test").publish([message])

    run(busily(publishes))
