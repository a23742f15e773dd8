"""Dead letters that are moved back: oldest first, as if they had never failed, and none is lost on the way."""

from uuid import uuid4

import aiormq
import pytest
from pamqp.commands import Basic
from pamqp.common import FieldTable

from harness.rabbitmq import TestBroker
from harness.running import declare_all, purge, read_queue
from shared.database.transactions import Tx
from shared.events import PointsUsed
from shared.messaging.consumers import Consumers
from tools.replay import NotReplayed, replay, who

QUEUE = "members.come_back"
DEAD = f"{QUEUE}.dead"
OF_ITS_DEATH: FieldTable = {
    "attempts": 3,
    "reason": "failed",
    "error": "ValueError",
    "error_detail": "",
    "handler": QUEUE,
    "first_failed_at": "2026-11-22T12:00:00+00:00",
    "last_failed_at": "2026-11-22T13:00:00+00:00",
}
consumers = Consumers("members")


@consumers.on(PointsUsed)
async def come_back(event: PointsUsed, tx: Tx) -> None:
    """Nobody runs it here: what is moved back can be looked at in its queue."""


async def bury(broker: TestBroker, *names: str) -> None:
    """Let there be these dead letters and no others."""
    await declare_all(broker, consumers)
    await purge(broker, QUEUE, DEAD)
    async with await aiormq.connect(broker.amqp_url) as connection:
        channel = await connection.channel()
        for name in names:
            properties = Basic.Properties(
                message_type=PointsUsed.type,
                message_id=str(uuid4()),
                headers={"shop": "noren", **OF_ITS_DEATH},
            )
            await channel.basic_publish(name.encode(), routing_key=DEAD, properties=properties)


@pytest.mark.broker
async def test_the_oldest_letters_come_back_first_and_say_who_asked(broker: TestBroker) -> None:
    await bury(broker, "first", "second", "third")

    assert await replay(broker.amqp_url, QUEUE, by="hanako@desk", letters_max=2) == 2

    back = await read_queue(broker, QUEUE)
    assert [letter.body for letter in back] == [b"first", b"second"]
    properties = back[0].header.properties
    # What begins with x- is the broker's own: RabbitMQ 3.10 counts deliveries there.
    ours = {name: value for name, value in (properties.headers or {}).items() if not name.startswith("x-")}
    assert ours == {
        "shop": "noren",
        "first_failed_at": "2026-11-22T12:00:00+00:00",
        "died_at": "2026-11-22T13:00:00+00:00",
        "died_of": "failed",
        "replayed_by": "hanako@desk",
    }
    assert (properties.message_type, properties.delivery_mode) == (PointsUsed.type, 2)
    assert [letter.body for letter in await read_queue(broker, DEAD)] == [b"third"]


@pytest.mark.broker
async def test_all_come_back_where_no_number_is_given(broker: TestBroker) -> None:
    await bury(broker, "first", "second")

    assert await replay(broker.amqp_url, QUEUE, by="hanako@desk") == 2
    assert await replay(broker.amqp_url, QUEUE, by="hanako@desk") == 0

    assert len(await read_queue(broker, QUEUE)) == 2


@pytest.mark.broker
async def test_letters_whose_queue_is_gone_stay_where_they_are(broker: TestBroker) -> None:
    await bury(broker, "only")
    async with await aiormq.connect(broker.amqp_url) as connection:
        await (await connection.channel()).queue_delete(QUEUE)

    with pytest.raises(NotReplayed, match=QUEUE):
        await replay(broker.amqp_url, QUEUE, by="hanako@desk")

    assert [letter.body for letter in await read_queue(broker, DEAD)] == [b"only"]


def test_a_replay_names_who_asked_or_the_user_behind_root(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SUDO_USER", "hanako")
    assert who().startswith("hanako@")
    monkeypatch.setenv("REPLAYED_BY", "desk")
    assert who().startswith("desk@")
