"""The broker dies under load: orders are still taken, and all events arrive when it is back."""

import asyncio

import pytest

from harness.eventually import eventually
from proof.browser import Browser
from proof.load import Load
from proof.observers import Outside
from proof.patience import PATIENCE_SECONDS
from proof.wishes import METHODS, SKU, wish
from tests.journeys.dying import nothing_lost_nothing_doubled
from tests.journeys.stack import Stack

pytestmark = [pytest.mark.broker, pytest.mark.disruptive]

ORDERS = 24
WHILE_IT_IS_AWAY = 5


async def test_a_broker_that_is_killed_under_load_loses_nothing(
    stack: Stack, outside: Outside, load: Load
) -> None:
    crowd = asyncio.create_task(load.run(ORDERS))
    placed = len(load.orders)
    await eventually(lambda: len(load.orders) >= placed + 4, seconds=PATIENCE_SECONDS)

    await asyncio.to_thread(stack.kill_broker)

    assert len(await crowd) == ORDERS
    await nothing_lost_nothing_doubled(outside)


async def test_orders_are_taken_while_the_broker_is_away(stack: Stack, outside: Outside, load: Load) -> None:
    await stack.deliver(SKU, WHILE_IT_IS_AWAY)
    buyer = Browser(stack.origin_url)
    await asyncio.to_thread(stack.stop, "rabbitmq")
    try:
        for number in range(WHILE_IT_IS_AWAY):
            method = METHODS[1:][number % 3]
            answer = await load.asks(buyer, f"away-{stack.pid('checkout')}-{number}", wish(method, {SKU: 1}))
            assert answer is not None
            assert answer.status_code == 201, answer.text
            # The buyer reads the order at once, whatever the other services know of it.
            page = await buyer.client.get(answer.json()["next_path"])
            assert answer.json()["order_code"] in page.text
    finally:
        await buyer.client.aclose()
        await asyncio.to_thread(stack.start, "rabbitmq")

    await nothing_lost_nothing_doubled(outside)
