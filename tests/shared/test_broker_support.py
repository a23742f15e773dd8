"""A broker that its makers mend no more is named at the start."""

from datetime import date

import aio_pika
import pytest
from structlog.testing import capture_logs

from harness.rabbitmq import TestBroker
from shared.messaging.amqp import Link
from shared.messaging.broker_support import support_ended, tell_support


@pytest.mark.parametrize(
    ("version", "ended"),
    [
        ("3.10.8", date(2023, 7, 31)),
        ("4.0.5", date(2025, 4, 15)),
        ("3.8.9", date(2023, 7, 31)),
        ("4.2.1", None),
        ("5.0.0", None),
    ],
)
def test_each_series_has_its_last_day(version: str, ended: date | None) -> None:
    assert support_ended(version) == ended


async def test_a_broker_past_its_support_is_told_once(broker: TestBroker) -> None:
    connection = await aio_pika.connect(broker.amqp_url)
    assert connection.transport is not None
    version = str(connection.transport.connection.server_properties["version"])
    await connection.close()
    ended = support_ended(version)
    tell_support.cache_clear()
    with capture_logs() as logs:
        for _ in range(2):
            link = Link(broker.amqp_url, "support")
            await link.channel(confirms=False)
            await link.drop()
    told = [line["ended"] for line in logs if line["event"] == "broker.past_its_support"]
    assert told == ([str(ended)] if ended is not None else [])


def test_a_broker_without_a_version_does_not_stop_anything() -> None:
    tell_support.cache_clear()
    with capture_logs() as logs:
        tell_support("")
    assert [line["event"] for line in logs] == ["broker.version_unknown"]
