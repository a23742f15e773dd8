"""What the broker's user of a service can reach: its own queues, and no other service's by any way round."""

from collections.abc import Iterator
from importlib import import_module

import aiormq
import httpx
import pytest
from aiormq.exceptions import ChannelAccessRefused
from pamqp.commands import Basic
from yarl import URL

from deploy.broker_users import create_users
from deploy.native.site import SERVICES
from harness.eventually import eventually
from harness.rabbitmq import TestBroker
from harness.running import declare_all, purge, read_queue
from shared.messaging.amqp import events_exchange
from shared.messaging.consumers import Consumers
from shared.messaging.topology import (
    RETRY_STEPS_SECONDS,
    again_exchange,
    dead_exchange,
    lost_exchange,
    retry_exchange,
    waiting_queue_name,
)
from tools.replay import NotReplayed, replay

pytestmark = pytest.mark.broker


def consumers_of(service: str) -> Consumers:
    """All consuming functions of a service."""
    found: Consumers = import_module(f"{service}.consumers").consumers
    return found


def one_queue_of(service: str) -> str:
    """A queue of the service; for checkout the one that takes an order for paid."""
    names = [consumer.queue for consumer in consumers_of(service).all]
    return next((name for name in names if "deposit" in name), names[0])


@pytest.fixture(scope="module")
def users(broker: TestBroker) -> Iterator[dict[str, str]]:
    """Service -> address with the user that a running service has; what made them can be run again."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AMQP_MANAGEMENT_URL", broker.management_url)
        environment.setenv("AMQP_ADMIN_URL", broker.amqp_url)
        for service in SERVICES:
            environment.setenv(f"{service.upper()}_BROKER_PASSWORD", "secret")
        create_users(list(SERVICES))
        yield {
            service: str(URL(broker.amqp_url).with_user(service).with_password("secret"))
            for service in SERVICES
        }


@pytest.fixture(scope="module")
async def declared(broker: TestBroker) -> None:
    """Everything that `make topology` declares, with empty queues."""
    for service in SERVICES:
        await declare_all(broker, consumers_of(service))
    await purge(broker, *(one_queue_of(service) for service in SERVICES))


@pytest.mark.parametrize("service", SERVICES)
async def test_no_user_reaches_anothers_queue_through_its_own_waits(
    broker: TestBroker, users: dict[str, str], declared: None, service: str
) -> None:
    others = [one_queue_of(other) for other in SERVICES if other != service]
    own = one_queue_of(service)
    async with await aiormq.connect(users[service]) as connection:
        channel = await connection.channel()
        for queue in (*others, own):
            answer = await channel.basic_publish(
                b"forged",
                exchange=retry_exchange(service, 1),
                routing_key=queue,
                properties=Basic.Properties(delivery_mode=2),
            )
            assert isinstance(answer, Basic.Ack)

    async def own_came_back() -> None:
        assert [message.body for message in await read_queue(broker, own)] == [b"forged"]

    await eventually(own_came_back, seconds=20)
    assert [await read_queue(broker, queue) for queue in others] == [[], [], []]
    lost = await read_queue(broker, f"{lost_exchange(service)}.dead")
    assert [message.routing_key for message in lost] == others, "and none of them holds up what waits behind"


async def test_what_an_older_release_left_waiting_for_ever_moves_on(
    broker: TestBroker, declared: None, users: dict[str, str]
) -> None:
    service, gone = "payments", "payments.gone_consumer"
    own, waiting = one_queue_of(service), waiting_queue_name(service, 1)
    async with httpx.AsyncClient(
        base_url=broker.management_url, auth=(broker.user, broker.password)
    ) as asked:
        assert (await asked.delete(f"/api/policies/%2F/{service}.lost")).status_code == 204
    async with await aiormq.connect(users[service]) as connection:
        channel = await connection.channel()
        for queue in (*[gone] * 40, own):
            await channel.basic_publish(b"{}", exchange=retry_exchange(service, 1), routing_key=queue)

    async def stuck() -> None:
        assert await size_of(broker, waiting) >= 40

    await eventually(stuck, seconds=20)
    create_users([service])

    async def moved_on() -> None:
        assert await size_of(broker, f"{lost_exchange(service)}.dead") == 40
        assert await size_of(broker, waiting) == 0

    await eventually(moved_on, seconds=240, every=1)
    assert len(await read_queue(broker, own)) == 1
    with pytest.raises(NotReplayed, match=gone):
        await replay(broker.amqp_url, lost_exchange(service), by="test")
    await purge(broker, f"{lost_exchange(service)}.dead")


async def test_a_lost_message_is_replayed_to_the_queue_that_it_names(
    broker: TestBroker, declared: None, users: dict[str, str]
) -> None:
    service, own, other = "payments", one_queue_of("payments"), one_queue_of("members")
    lost = lost_exchange(service)
    async with await aiormq.connect(broker.amqp_url) as connection:
        channel = await connection.channel()
        for queue in (own, other):
            await channel.basic_publish(b"{}", exchange=lost, routing_key=queue)

    assert await replay(broker.amqp_url, lost, by="test", letters_max=1) == 1
    with pytest.raises(NotReplayed, match="no queue of payments"):
        await replay(broker.amqp_url, lost, by="test")

    assert len(await read_queue(broker, own)) == 1
    assert await read_queue(broker, other) == []
    await purge(broker, f"{lost}.dead")


async def size_of(broker: TestBroker, queue: str) -> int:
    """How many messages are in a queue."""
    async with await aiormq.connect(broker.amqp_url) as connection:
        declared = await (await connection.channel()).queue_declare(queue, passive=True)
    return declared.message_count or 0


@pytest.mark.parametrize("service", SERVICES)
async def test_no_user_publishes_to_another_service_or_past_exchanges(
    users: dict[str, str], declared: None, service: str
) -> None:
    other = next(one for one in SERVICES if one != service)
    closed = [
        "",
        again_exchange(service),
        *(made(other) for made in (events_exchange, dead_exchange, again_exchange)),
        retry_exchange(other, 1),
    ]
    async with await aiormq.connect(users[service]) as connection:
        for exchange in closed:
            channel = await connection.channel()
            with pytest.raises(ChannelAccessRefused):
                await channel.basic_publish(b"forged", exchange=exchange, routing_key=one_queue_of(other))
        for queue in (one_queue_of(service), one_queue_of(other), waiting_queue_name(service, 1)):
            channel = await connection.channel()
            with pytest.raises(ChannelAccessRefused):
                await channel.queue_bind(queue, events_exchange(service), routing_key="#")


async def test_what_leads_to_a_queue_is_its_services_own_or_public(
    broker: TestBroker, declared: None
) -> None:
    async with httpx.AsyncClient(
        base_url=broker.management_url, auth=(broker.user, broker.password)
    ) as asked:
        queues = {row["name"]: row["arguments"] for row in (await asked.get("/api/queues")).json()}
        bindings = (await asked.get("/api/bindings")).json()

    for service in SERVICES:
        for seconds in RETRY_STEPS_SECONDS:
            waiting = queues[waiting_queue_name(service, seconds)]
            assert waiting["x-dead-letter-exchange"] == again_exchange(service)
    strange = [
        (row["source"], row["destination"])
        for row in bindings
        if row["source"]
        and not row["source"].endswith(".events")
        and row["source"].partition(".")[0] != row["destination"].partition(".")[0]
    ]
    assert strange == []
