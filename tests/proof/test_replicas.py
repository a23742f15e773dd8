"""Three replicas of a service share its queues: each event works once, whichever of them it meets (OPS-04)."""

import contextlib
from collections import Counter
from uuid import UUID

import pytest

from harness.eventually import eventually
from harness.postgres import MakeDatabase
from harness.rabbitmq import TestBroker
from harness.running import declare_all, purge, running
from members.consumers import consumers
from members.registration.register_member import NewMember, register_member
from members.shop_rules.rules import Rules
from members.tables import metadata
from notifications.previews.examples import example_order
from shared.clock import now
from shared.database.transactions import Database
from shared.events import OrderPlaced
from shared.ids import new_id
from shared.messaging.amqp import Outgoing, Publisher, event_properties, events_exchange
from shared.messaging.consumers import Consumers

ORDERS, MEMBERS, REPLICAS = 1_000, 10, 3


def message(event: OrderPlaced) -> Outgoing:
    return Outgoing(
        exchange=events_exchange("checkout"),
        routing_key=event.type,
        body=event.model_dump_json().encode(),
        properties=event_properties(
            event_id=str(event.event_id),
            type_=event.type,
            correlation=event.correlation,
            occurred_at=event.occurred_at,
            app_id="checkout",
            headers={},
        ),
    )


async def sign_up(db: Database, number: int) -> UUID:
    member = NewMember(
        member_id=new_id(), name="椿 花子", email=f"member{number}@example.jp", email_proved=True
    )
    async with db.transaction() as tx:
        await register_member(tx, member, rules=Rules(), via="form", at=now())
    return member.member_id


@pytest.mark.broker
@pytest.mark.feature("OPS-04")
async def test_a_thousand_orders_at_three_replicas_each_apply_once(
    make_db: MakeDatabase, broker: TestBroker
) -> None:
    db = await make_db("members", metadata)
    people = [await sign_up(db, number) for number in range(MEMBERS)]
    orders = [
        example_order(order_code=f"N-{number:04}", member_id=people[number % MEMBERS])
        for number in range(ORDERS)
    ]
    url = db.url
    replicas = [Database(url, service="members") for _ in range(REPLICAS)]
    # The queue of orders alone: what else members hears is not under test here.
    hears = Consumers("members")
    hears.all = [one for one in consumers.all if one.name == "credit_order"]
    await declare_all(broker, hears)
    await purge(broker, *(one.queue for one in hears.all))
    publisher = Publisher(broker.amqp_url, "test.checkout")

    async with contextlib.AsyncExitStack() as stack:
        for replica in replicas:
            await stack.enter_async_context(running(broker, replica, hears, prefetch=50))
        # Every fifth is delivered twice.
        messages = [message(order) for order in [*orders, *orders[::5]]]
        assert all(await publisher.publish(messages))

        async def all_applied() -> bool:
            async with db.transaction() as tx:
                return bool(await tx.value("SELECT count(*) FROM member_orders") == ORDERS)

        await eventually(all_applied, seconds=60)
    await publisher.close()

    async with db.transaction() as tx:
        grants = await tx.rows("SELECT order_code FROM point_grants WHERE reason = 'purchase'")
        off = await tx.value(
            "SELECT count(*) FROM point_balances b WHERE waiting <>"
            " (SELECT sum(waiting) FROM point_postings p WHERE p.member_id = b.member_id)"
        )
    assert Counter(row.order_code for row in grants) == Counter(order.order_code for order in orders)
    assert off == 0
    for replica in replicas:
        await replica.close()
