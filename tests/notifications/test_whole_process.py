"""``python -m notifications web worker relay`` as it really runs: real broker, real database, real mail."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import orjson
import pytest

from harness.eventually import eventually
from harness.keys import Keys
from harness.mail_sink import MailSink
from harness.post import SHOP
from harness.rabbitmq import TestBroker
from notifications.previews.examples import example_of, example_order
from shared.database.transactions import Database
from shared.events import Event, PaymentNumberIssued
from shared.messaging.amqp import Outgoing, Publisher, event_properties, events_exchange

PORT = 18104


@asynccontextmanager
async def notifications(
    db: Database, broker: TestBroker, sink: MailSink, keys: Keys, folder: Path
) -> AsyncIterator[httpx.AsyncClient]:
    """The whole service in one process; yields a client of its port."""
    trusted = folder / "trusted.json"
    trusted.write_bytes(orjson.dumps(keys.jwks))
    environment = {
        **os.environ,
        "DATABASE_URL": db.url,
        "AMQP_URL": broker.amqp_url,
        "AMQP_ADMIN_URL": broker.amqp_url,
        "DECLARE_TOPOLOGY": "true",
        "TRUSTED_KEYS_FILE": str(trusted),
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(sink.port),
        "MAIL_FROM": f"Noren <{SHOP.mail}>",
        "HTTP_PORT": str(PORT),
        "COOKIE_SECURE": "false",
        "SANDBOX": "true",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "notifications", "web", "worker", "relay", env=environment
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{PORT}") as client:

            async def ready() -> None:
                assert (await client.get("/health/ready")).status_code == 200

            await eventually(ready, seconds=60)
            yield client
    finally:
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 40) in (0, -15)


async def publish(broker: TestBroker, *events: Event) -> None:
    """Say events as their producers' relays would."""
    publisher = Publisher(broker.amqp_url, "test.publisher")
    messages = [
        Outgoing(
            exchange=events_exchange(event.producer),
            routing_key=event.type,
            body=event.model_dump_json().encode(),
            properties=event_properties(
                event_id=str(event.event_id),
                type_=event.type,
                correlation=event.correlation,
                occurred_at=event.occurred_at,
                app_id=event.producer,
                headers={"occurred_at": event.occurred_at.isoformat()},
            ),
        )
        for event in events
    ]
    assert all(await publisher.publish(messages))
    await publisher.close()


@pytest.mark.broker
async def test_it_answers_ready_and_turns_events_into_mails(
    db: Database, broker: TestBroker, sink: MailSink, keys: Keys, tmp_path: Path
) -> None:
    async with notifications(db, broker, sink, keys, tmp_path) as client:
        order = example_order()
        # The number comes first; it waits for the order and is not lost.
        await publish(broker, example_of(PaymentNumberIssued, order_code=order.order_code), order)

        def both_arrived() -> None:
            subjects = sorted(copy.message["Subject"] for copy in sink.journal)
            assert len(subjects) == 2
            assert "お支払い番号のお知らせ" in subjects[0]
            assert "ご注文ありがとうございます" in subjects[1]

        await eventually(both_arrived, seconds=30)
        page = await client.get("/desk/mails", headers={"Accept": "text/html"})
        assert page.status_code == 303
