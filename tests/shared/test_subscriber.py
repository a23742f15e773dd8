"""Batches are subscribers of FastStream, and no middleware can acknowledge what was not committed."""

from importlib.metadata import version
from inspect import signature
from typing import Any, ClassVar, cast

import pytest
from faststream import BaseMiddleware, StreamMessage
from faststream._internal.broker.registrator import Registrator
from faststream._internal.endpoint.subscriber import SubscriberUsecase
from faststream._internal.endpoint.subscriber.call_item import CallsCollection
from faststream.rabbit import RabbitBroker, TestRabbitBroker
from faststream.rabbit.subscriber import RabbitSubscriber
from faststream.rabbit.subscriber.specification import RabbitSubscriberSpecification
from faststream.specification.asyncapi.message import get_model_schema
from structlog.testing import capture_logs

from harness.eventually import eventually
from harness.postgres import MakeDatabase
from shared.database.transactions import Tx
from shared.errors import Refused
from shared.events import PointsReturned, PointsUsed
from shared.ids import new_id
from shared.messaging.amqp import Link, Publisher
from shared.messaging.consumers import Consumers
from shared.messaging.stream import stream
from shared.messaging.worker import Intake
from tests.shared.memory_broker import Line, Post, delivery
from tests.shared.worker_at_work import at_work, consumers, metadata, used

# What shared/messaging/subscriber.py uses that FastStream promises to nobody, as it is in the release that we run.
INSIDE: dict[Any, dict[str, str]] = {
    Registrator: {
        "subscriber": "(self, subscriber: 'SubscriberUsecase[MsgType]', persistent: bool = True) "
        "-> 'SubscriberUsecase[MsgType]'"
    },
    SubscriberUsecase: {
        "start": "(self) -> None",
        "_post_start": "(self) -> None",
        "_build_fastdepends_model": "(self) -> None",
        "process_message": "(self, msg: ~MsgType) -> 'Response'",
    },
    RabbitSubscriber: {
        "__init__": "(self, config: 'RabbitSubscriberConfig', specification: "
        "'SubscriberSpecification[Any, Any]', calls: 'CallsCollection[IncomingMessage]') -> None",
        "stop": "(self) -> None",
    },
    RabbitSubscriberSpecification: {"get_payloads": "(self) -> list[tuple['dict[str, Any]', str]]"},
    RabbitBroker: {"start": "(self) -> None", "_setup_logger": "(self) -> None"},
    CallsCollection: {"__init__": "(self, initlist=None)"},
}


def test_faststream_is_inside_as_batches_know_it() -> None:
    for owner, methods in INSIDE.items():
        found = {name: str(signature(getattr(owner, name))) for name in methods}
        assert found == methods, (
            f"FastStream {version('faststream')} changed {owner}: read shared/messaging/subscriber.py"
        )
    assert callable(get_model_schema)


class Seen(BaseMiddleware):
    """Notes what passes."""

    passed: ClassVar[list[int]] = []

    async def consume_scope(self, call_next: Any, msg: StreamMessage[Any]) -> Any:
        """Note how many messages come as one."""
        batch: Any = msg.body
        self.passed.append(len(batch.heard))
        return await call_next(msg)


class Swallows(BaseMiddleware):
    """Hides each error of the handler."""

    hidden: ClassVar[list[type[Exception]]] = []

    async def consume_scope(self, call_next: Any, msg: StreamMessage[Any]) -> Any:
        """Say nothing of what went wrong."""
        try:
            return await call_next(msg)
        except Exception as error:
            self.hidden.append(type(error))
            return None


class Skips(BaseMiddleware):
    """Calls no handler."""

    async def consume_scope(self, call_next: Any, msg: StreamMessage[Any]) -> Any:
        """Do nothing."""


class FailsAfterwards(BaseMiddleware):
    """Fails when all is done."""

    async def after_processed(self, *_: Any, **__: Any) -> bool | None:
        """Fail."""
        raise ZeroDivisionError


class AcknowledgesFirst(BaseMiddleware):
    """Acknowledges by itself, before the handler."""

    async def consume_scope(self, call_next: Any, msg: StreamMessage[Any]) -> Any:
        """Acknowledge."""
        await msg.ack()
        return await call_next(msg)


def test_no_model_is_made_of_a_handlers_arguments() -> None:
    made = [
        call.dependant.serializer
        for subscriber in stream("amqp://nowhere", consumers).subscribers
        for call in cast(SubscriberUsecase[Any], subscriber).calls
        if call.dependant is not None
    ]
    assert made
    assert set(made) == {None}


async def test_a_middleware_sees_a_batch_as_one_message(make_db: MakeDatabase) -> None:
    Seen.passed.clear()
    async with at_work(await make_db("members", metadata), middlewares=[Seen]) as desk:
        await desk.brings("one", "two", "three")
        await desk.acknowledged()
    assert Seen.passed == [3]


async def test_an_error_hidden_by_a_middleware_is_put_off_all_the_same(make_db: MakeDatabase) -> None:
    Swallows.hidden.clear()
    async with at_work(await make_db("members", metadata), middlewares=[Swallows]) as desk:
        await desk.brings("before", "bug", "refused", "after")
        await desk.acknowledged()
        assert (await desk.effects(), await desk.heard()) == (["before", "after"], 3)
        assert [sent.properties.correlation_id for sent in desk.post.messages] == ["bug"]
    # The four together, then the two that cannot be handled, each alone.
    assert Swallows.hidden == [ZeroDivisionError, ZeroDivisionError, Refused]


async def test_what_a_middleware_keeps_from_its_handler_is_put_off(make_db: MakeDatabase) -> None:
    async with at_work(await make_db("members", metadata), middlewares=[Skips]) as desk:
        await desk.brings("one", "two")
        await desk.acknowledged()
        assert (await desk.effects(), await desk.heard()) == ([], 0)
        assert [sent.properties.correlation_id for sent in desk.post.messages] == ["one", "two"]


async def test_what_fails_in_a_middleware_after_the_commit_is_done(make_db: MakeDatabase) -> None:
    async with at_work(await make_db("members", metadata), middlewares=[FailsAfterwards]) as desk:
        await desk.brings("one", "two")
        await desk.acknowledged()
        assert (await desk.effects(), desk.post.messages) == (["one", "two"], [])


async def test_a_middleware_cannot_acknowledge(make_db: MakeDatabase) -> None:
    post = Post()
    post.open = False
    async with at_work(
        await make_db("members", metadata), post=post, middlewares=[AcknowledgesFirst]
    ) as desk:
        first = desk.channel
        await desk.brings_event(used("bug"), channel=first)
        await eventually(lambda: len(desk.line.used) == 2)
        assert first.acknowledged == []


async def test_the_broker_starts_and_stops_its_workers(make_db: MakeDatabase) -> None:
    db, line = await make_db("members", metadata), Line()
    intake = Intake(cast(Link, line), cast(Publisher, Post()), prefetch=10, idle_seconds=0.02)
    broker = stream("amqp://nowhere", consumers, db, {}, intake)
    [worker] = broker.workers
    for _ in range(2):
        await broker.start()
        await eventually(lambda: worker.consuming_at is not None)
        await line.used[-1].consumers[worker.consumer.queue](delivery(1, used("N1")))
        await eventually(lambda: line.used[-1].acknowledged == [(1, True)])
        await broker.stop()
        assert worker.task is not None
        assert worker.task.done()
        assert not any(subscriber.running for subscriber in broker.subscribers)


two = Consumers("members")


@two.on(PointsUsed, PointsReturned)
async def note_either(event: PointsUsed | PointsReturned, tx: Tx) -> None:
    """Note what came."""
    await tx.execute("INSERT INTO effects (what) VALUES (:what)", what=event.order_code)


async def test_events_of_one_queue_share_a_worker_and_come_in_memory(make_db: MakeDatabase) -> None:
    db = await make_db("members", metadata)
    intake = Intake(cast(Link, Line()), cast(Publisher, Post()), prefetch=10)
    broker = stream("amqp://nowhere", two, db, {}, intake)
    assert (len(broker.workers), len(broker.subscribers)) == (1, 2)
    Seen.passed.clear()
    broker.add_middleware(Seen)
    events = [
        used("N1"),
        PointsReturned(member_id=new_id(), points_returned=1, points_revoked=0, order_code="N2"),
    ]
    with capture_logs():
        async with TestRabbitBroker(broker) as memory:
            for event in events:
                await memory.publish(
                    event.model_dump_json().encode(),
                    exchange="members.events",
                    routing_key=event.type,
                    message_type=event.type,
                    message_id=str(event.event_id),
                    headers={"occurred_at": event.occurred_at.isoformat()},
                )
    assert broker.workers[0].task is None
    assert Seen.passed == [1, 1]
    async with db.transaction() as tx:
        assert [row.what for row in await tx.rows("SELECT what FROM effects ORDER BY id")] == ["N1", "N2"]


async def test_in_memory_an_error_of_the_handler_reaches_who_published(make_db: MakeDatabase) -> None:
    db = await make_db("members", metadata)
    event = used("bug")
    async with TestRabbitBroker(stream("amqp://nowhere", consumers, db, {})) as memory:
        with pytest.raises(ZeroDivisionError):
            await memory.publish(
                event.model_dump_json().encode(),
                exchange="members.events",
                routing_key=event.type,
                message_type=event.type,
                message_id=str(event.event_id),
                headers={"occurred_at": event.occurred_at.isoformat()},
            )
