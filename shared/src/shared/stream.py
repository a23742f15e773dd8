"""The FastStream frame around the consumers: topology, AsyncAPI document and in-memory tests.

On a real broker the batch loops of :mod:`shared.worker` take the messages; these subscribers describe the
same queues and, on FastStream's test broker, run the same functions with the same inbox and outbox.
"""

from collections.abc import Mapping
from inspect import cleandoc
from typing import Any

from faststream.rabbit import RabbitBroker, RabbitMessage
from faststream.rabbit.subscriber import RabbitSubscriber

from shared.consumers import Consumer, Consumers
from shared.database import Database
from shared.heard import decode_event
from shared.inbox import insert_inbox
from shared.topology import consumer_queue, topic


def stream(
    url: str,
    consumers: Consumers,
    db: Database | None = None,
    resources: Mapping[type[Any], Any] | None = None,
) -> RabbitBroker:
    """Return a FastStream broker that knows every consumer of the service and everything that it says.

    ``db`` and ``resources`` are needed where messages will really be handled.
    """
    broker = RabbitBroker(url, app_id=consumers.service)
    for consumer in consumers.all:
        for event in consumer.events:
            subscriber: RabbitSubscriber = broker.subscriber(
                consumer_queue(consumer, event),
                topic(event.producer),
                no_reply=True,
                title=f"{consumer.queue}:{event.__name__}",
                description=cleandoc(consumer.function.__doc__ or ""),
            )
            subscriber(_subscriber(consumer, event, db, resources or {}))
        for event in consumer.says:
            broker.publisher(
                routing_key=event.type,
                exchange=topic(event.producer),
                schema=event,
                title=f"{event.type} by {consumer.queue}",
                description=cleandoc(event.__doc__ or ""),
            )
    return broker


def _subscriber(
    consumer: Consumer, kind: Any, db: Database | None, resources: Mapping[type[Any], Any]
) -> Any:
    async def hear(body: Any, message: RabbitMessage) -> None:
        if db is None:
            raise RuntimeError("this broker only documents")
        raw = message.raw_message
        event = decode_event(raw.body, type_=raw.type, event_id=raw.message_id, headers=raw.headers)
        async with db.transaction() as tx:
            if await insert_inbox(tx, consumer.queue, [event.event_id]):
                await consumer.call([event], tx, resources)

    # FastStream reads the payload's schema from here.
    hear.__annotations__["body"] = kind
    hear.__name__ = consumer.name
    return hear


__all__ = ["stream"]
