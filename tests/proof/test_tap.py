"""The tap sees everything that is said, and reading it takes nothing away, be it a stream or a queue."""

import aiormq
import pytest
from pamqp.commands import Basic

from harness.rabbitmq import TestBroker
from proof.tap import EXCHANGES, Tap

pytestmark = pytest.mark.broker


@pytest.mark.parametrize("kind", ["stream", "quorum"])
async def test_reading_a_tap_takes_nothing_away(broker: TestBroker, kind: str) -> None:
    tap = Tap(broker.amqp_url, f"test.tap.{kind}", kind)
    async with await aiormq.connect(broker.amqp_url) as connection:
        channel = await connection.channel()
        for exchange in EXCHANGES:
            await channel.exchange_declare(exchange, exchange_type="topic", durable=True)
        assert await tap.read() == []
        await tap.lay()
        try:
            for number in range(3):
                properties = Basic.Properties(message_id=str(number), delivery_mode=2)
                await channel.basic_publish(
                    b"{}",
                    exchange="payments.events",
                    routing_key="payment_captured.v1",
                    properties=properties,
                )

            first, second = await tap.read(), await tap.read()
        finally:
            await tap.remove()

    assert [(one.service, one.event_id) for one in first] == [
        ("payments", str(number)) for number in range(3)
    ]
    assert sorted(second, key=str) == sorted(first, key=str)
