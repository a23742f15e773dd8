"""The FastStream broker of a service, with every event that it consumes and publishes.

In production, the batch loop of :mod:`shared.messaging.worker` consumes each queue for its subscribers. In memory
(``TestRabbitBroker``) the same subscribers run the same handlers. ``make map`` prints its AsyncAPI document.
"""

from inspect import cleandoc

from shared.database.transactions import Database
from shared.messaging.batch import batch_handler
from shared.messaging.consumers import Consumers, Resources
from shared.messaging.subscriber import BatchBroker
from shared.messaging.topology import topic
from shared.messaging.worker import Intake, Worker


def stream(
    url: str,
    consumers: Consumers,
    db: Database | None = None,
    resources: Resources | None = None,
    intake: Intake | None = None,
) -> BatchBroker:
    """Return a FastStream broker with every consumer of the service and every event that it publishes.

    ``db`` and ``resources`` are needed to handle messages, an ``intake`` to receive them from a real
    broker.
    """
    broker = BatchBroker(url, app_id=consumers.service)
    for consumer in consumers.all:
        subscriber = broker.hear(consumer, batch_handler(consumer, db, resources or {}))
        if db is not None and intake is not None:
            broker.consume(subscriber, Worker(consumer, subscriber.process_batch, db, intake))
        for event in consumer.says:
            broker.publisher(
                routing_key=event.type,
                exchange=topic(event.producer),
                schema=event,
                title=f"{event.type} by {consumer.queue}",
                description=cleandoc(event.__doc__ or ""),
            )
    return broker


__all__ = ["stream"]
