"""The parts of the simulated world do what they are taken for."""

import asyncio
import time

import pytest

from proof.simulation.broker import Broker
from proof.simulation.chance import Chance, Dangers
from proof.simulation.loop import SimulatedLoop, StandStill
from proof.simulation.messages import Message
from proof.simulation.trace import Trace
from shared.clock import now
from shared.database.transactions import Tx
from shared.events import OrderProcessed
from shared.messaging.amqp import Outgoing, Publisher, event_properties
from shared.messaging.consumers import Consumers


def test_waiting_costs_no_time() -> None:
    loop = SimulatedLoop()
    began = time.monotonic()

    loop.run_until_complete(asyncio.sleep(86_400))

    assert loop.time() == pytest.approx(86_400)
    assert time.monotonic() - began < 5
    loop.close()


def test_waiting_for_nothing_is_noticed() -> None:
    loop = SimulatedLoop()

    with pytest.raises(StandStill):
        loop.run_until_complete(asyncio.Event().wait())


def test_the_trace_names_by_order_of_appearance() -> None:
    shown: list[str] = []
    trace = Trace(lambda: 1.5, shown.append)

    trace.add("a", "sends 00000000-0000-4000-8000-00000000000b")
    trace.add("b", "hears 0000000000004000800000000000000b of N261124-1A60-4GPWZQEP")

    assert shown == ["1.500000 a sends #1", "1.500000 b hears #1 of #2"]


def test_seeds_switch_dangers_on_and_off() -> None:
    crashes = [Chance(seed).dangers.crash for seed in range(50)]

    assert 0 in crashes
    assert max(crashes) > 0
    calm = Chance(1)
    calm.calm_down()
    assert calm.dangers == Dangers(twice=calm.dangers.twice)


async def _hear(event: OrderProcessed, tx: Tx) -> None:
    """Hear it."""


def _broker(loop: SimulatedLoop) -> Broker:
    consumers = Consumers("members")
    consumers.on(OrderProcessed)(_hear)
    chance = Chance(1)
    chance.dangers = Dangers(twice=0)
    made = Broker(loop, chance, Trace(loop.time))
    made.declare(consumers.all)
    return made


def _message() -> Outgoing:
    properties = event_properties(
        event_id="e1",
        type_=OrderProcessed.type,
        correlation="c",
        occurred_at=now(),
        app_id="checkout",
        headers={},
    )
    return Outgoing("checkout.events", OrderProcessed.type, b"{}", properties)


def test_the_broker_gives_back_what_was_not_acknowledged() -> None:
    loop = SimulatedLoop()
    broker = _broker(loop)
    got: list[bool | None] = []

    async def scenario() -> None:
        await Publisher("", "", link=broker.link("p")).publish([_message()])
        link = broker.link("c")
        for acknowledges in (False, True):
            channel = await link.channel(confirms=False)
            arrived: asyncio.Queue[object] = asyncio.Queue()
            await channel.basic_consume("members._hear", arrived.put)
            delivered = await arrived.get()
            got.append(delivered.redelivered)  # type: ignore[attr-defined]
            if acknowledges:
                await channel.basic_ack(1)
            else:
                link.cut()
        await asyncio.sleep(1)

    loop.run_until_complete(scenario())

    assert got == [False, True]
    assert broker.is_at_rest()
    loop.close()


def test_the_broker_returns_what_nobody_hears() -> None:
    loop = SimulatedLoop()
    broker = _broker(loop)
    broker.unbind("checkout", seconds=60)

    [routed] = loop.run_until_complete(Publisher("", "", link=broker.link("p")).publish([_message()]))

    assert routed is False
    loop.close()


def test_a_restart_keeps_persistent_messages_only() -> None:
    loop = SimulatedLoop()
    broker = _broker(loop)
    kept, lost = _message(), _message()
    lost.properties.delivery_mode = 1
    for one in (kept, lost):
        broker.put("members._hear", Message(one.body, one.properties))

    broker.restart(seconds=1)
    loop.run_until_complete(asyncio.sleep(2))

    assert not broker.is_at_rest()
    channel = loop.run_until_complete(broker.link("c").channel(confirms=False))
    arrived: list[object] = []

    async def take(delivered: object) -> None:
        arrived.append(delivered)

    loop.run_until_complete(channel.basic_consume("members._hear", take))
    loop.run_until_complete(asyncio.sleep(1))
    assert len(arrived) == 1
    loop.close()
