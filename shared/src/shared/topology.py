"""Exchanges, queues and bindings: declared by one command, with every property spelled out.

    <service>.events           topic     what the service says
    <service>.dead             direct    to the dead letters of its queues
    <service>.retry.<n>s       fanout    to a queue that holds a message n seconds and gives it back
    <service>.<function>       quorum queue of one consuming function
    <service>.<function>.dead  quorum queue of its dead letters

FastStream declares them, so that its AsyncAPI document shows what really exists.
"""

from collections.abc import Iterable

import structlog
from faststream.rabbit import ExchangeType, QueueType, RabbitBroker, RabbitExchange, RabbitQueue

from shared.consumers import Consumer
from shared.events import Event
from shared.relay import events_exchange

log = structlog.get_logger()

RETRY_STEPS_SECONDS = (1, 5, 30, 120, 600, 1800)
# Above every bound of our own: it only ends loops in which a process dies before it can count.
DELIVERY_LIMIT = 50
# Nothing of ours takes messages out of these queues: what comes back was looked at by a person. RabbitMQ 4 would
# drop it after 20 looks, and 3.10 does not know the word for "never".
LOOKS_MAX = 1_000_000


def dead_exchange(service: str) -> str:
    """Return the name of the exchange that leads to the dead letters of ``service``."""
    return f"{service}.dead"


def retry_exchange(service: str, seconds: int) -> str:
    """Return the name of the exchange whose messages come back after ``seconds``."""
    return f"{service}.retry.{seconds}s"


def consumer_queue(consumer: Consumer, event: type[Event]) -> RabbitQueue:
    """Return the queue of ``consumer`` as it is bound to ``event``."""
    return RabbitQueue(
        consumer.queue,
        queue_type=QueueType.QUORUM,
        durable=True,
        routing_key=event.type,
        arguments={
            "x-dead-letter-exchange": dead_exchange(consumer.service),
            "x-dead-letter-routing-key": consumer.queue,
            "x-dead-letter-strategy": "at-least-once",
            "x-overflow": "reject-publish",
            "x-delivery-limit": DELIVERY_LIMIT,
        },
    )


def retry_queue(service: str, seconds: int) -> RabbitQueue:
    """Return the queue that holds messages for ``seconds`` and gives them back to the queue they came from."""
    return RabbitQueue(
        retry_exchange(service, seconds),
        queue_type=QueueType.QUORUM,
        durable=True,
        arguments={
            "x-message-ttl": seconds * 1000,
            # The routing key is the waiting consumer's queue; the default exchange brings the message back.
            "x-dead-letter-exchange": "",
            "x-dead-letter-strategy": "at-least-once",
            "x-overflow": "reject-publish",
            "x-delivery-limit": LOOKS_MAX,
        },
    )


def dead_queue(consumer: Consumer) -> RabbitQueue:
    """Return the queue of what ``consumer`` could not handle; a letter stays until a person takes it."""
    return RabbitQueue(
        f"{consumer.queue}.dead",
        queue_type=QueueType.QUORUM,
        durable=True,
        arguments={"x-overflow": "reject-publish", "x-delivery-limit": LOOKS_MAX},
    )


def topic(service: str) -> RabbitExchange:
    """Return the exchange on which ``service`` says its events."""
    return RabbitExchange(events_exchange(service), type=ExchangeType.TOPIC, durable=True)


async def declare(broker: RabbitBroker, service: str, consumers: Iterable[Consumer]) -> None:
    """Declare everything that ``service`` needs; doing it again changes nothing.

    Raises the broker's error if something of that name exists with other properties.
    """
    await broker.declare_exchange(topic(service))
    dead = await broker.declare_exchange(
        RabbitExchange(dead_exchange(service), type=ExchangeType.DIRECT, durable=True)
    )
    for seconds in RETRY_STEPS_SECONDS:
        name = retry_exchange(service, seconds)
        exchange = await broker.declare_exchange(RabbitExchange(name, type=ExchangeType.FANOUT, durable=True))
        await (await broker.declare_queue(retry_queue(service, seconds))).bind(exchange)
    for consumer in consumers:
        for event in consumer.events:
            queue = await broker.declare_queue(consumer_queue(consumer, event))
            exchange = await broker.declare_exchange(topic(event.producer))
            await queue.bind(exchange, routing_key=event.type)
        await (await broker.declare_queue(dead_queue(consumer))).bind(dead, routing_key=consumer.queue)
    log.info("topology.declared", service=service)
