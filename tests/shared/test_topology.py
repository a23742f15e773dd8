"""What is declared on the broker, as the broker itself tells it."""

import aiormq
import httpx
import pytest
from aiormq.exceptions import ChannelNotFoundEntity
from pamqp.commands import Basic

from harness.rabbitmq import TestBroker
from harness.running import declare_all, purge, read_queue
from shared.database.transactions import Tx
from shared.events import PointsUsed
from shared.messaging.consumers import Consumers
from shared.messaging.retired import retire_waiting_queues
from shared.messaging.retries import FAILED_ATTEMPTS_MAX, TRY_AGAIN_ATTEMPTS_MAX
from shared.messaging.topology import RETRY_STEPS_SECONDS

pytestmark = pytest.mark.broker

consumers = Consumers("members")
QUEUE = "members.count_points"
# What RabbitMQ 4 takes where nothing is said; then it drops the message.
DEFAULT_OF_RABBITMQ_4 = 20


@consumers.on(PointsUsed)
async def count_points(event: PointsUsed, tx: Tx) -> None:
    """Only its queues matter here."""


async def test_every_queue_bounds_how_often_a_message_comes_back(broker: TestBroker) -> None:
    await declare_all(broker, consumers)
    await declare_all(broker, consumers)  # again changes nothing, and nothing is refused

    async with httpx.AsyncClient(
        base_url=broker.management_url, auth=(broker.user, broker.password)
    ) as asked:
        declared = {row["name"]: row["arguments"] for row in (await asked.get("/api/queues")).json()}

    own_bound = max(FAILED_ATTEMPTS_MAX, TRY_AGAIN_ATTEMPTS_MAX, DEFAULT_OF_RABBITMQ_4)
    names = [QUEUE, f"{QUEUE}.dead", *(f"members.waiting.{seconds}s" for seconds in RETRY_STEPS_SECONDS)]
    assert {name: declared[name].get("x-delivery-limit", 0) > own_bound for name in names} == dict.fromkeys(
        names, True
    )
    assert all(declared[name]["x-overflow"] == "reject-publish" for name in names)


async def test_a_queue_of_an_earlier_release_is_emptied_and_removed(
    broker: TestBroker,
) -> None:
    old, new = "members.retry.600s", "members.waiting.600s"
    await declare_all(broker, consumers)
    await purge(broker, new)
    async with await aiormq.connect(broker.amqp_url) as connection:
        channel = await connection.channel()
        await channel.queue_declare(
            old,
            durable=True,
            arguments={
                "x-queue-type": "quorum",
                "x-message-ttl": 600_000,
                "x-dead-letter-exchange": "",
                "x-dead-letter-strategy": "at-least-once",
                "x-overflow": "reject-publish",
            },
        )
        await channel.queue_bind(old, old, routing_key=old)
        await channel.queue_unbind(new, old, routing_key=new)
        for name in ("first", "second"):
            properties = Basic.Properties(message_id=name, headers={"attempts": 5})
            await channel.basic_publish(b"{}", exchange=old, routing_key=QUEUE, properties=properties)

    await declare_all(broker, consumers)
    assert await retire_waiting_queues(broker.amqp_url, "members") == 2
    assert await retire_waiting_queues(broker.amqp_url, "members") == 0

    moved = await read_queue(broker, new)
    assert [(one.header.properties.message_id, one.routing_key) for one in moved] == [
        ("first", QUEUE),
        ("second", QUEUE),
    ]
    assert [(one.header.properties.headers or {})["attempts"] for one in moved] == [5, 5]
    async with await aiormq.connect(broker.amqp_url) as connection:
        with pytest.raises(ChannelNotFoundEntity):
            await (await connection.channel()).queue_declare(old, passive=True)
