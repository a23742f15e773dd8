"""What is declared on the broker, as the broker itself tells it."""

import httpx
import pytest

from harness.rabbitmq import TestBroker
from harness.running import declare_all
from shared.consumers import Consumers
from shared.database import Tx
from shared.events import PointsUsed
from shared.retries import FAILED_ATTEMPTS_MAX, TRY_AGAIN_ATTEMPTS_MAX
from shared.topology import RETRY_STEPS_SECONDS

pytestmark = pytest.mark.broker

consumers = Consumers("members")
QUEUE = "members.count_points"
# What RabbitMQ 4 takes where nothing is said; then it drops the message.
DEFAULT_OF_RABBITMQ_4 = 20


@consumers.on(PointsUsed)
async def count_points(event: PointsUsed, tx: Tx) -> None:
    """Only its queues matter here."""


async def test_no_queue_leaves_it_to_the_broker_how_often_a_message_may_come_back(broker: TestBroker) -> None:
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
