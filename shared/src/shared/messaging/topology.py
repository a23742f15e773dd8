"""Topology: exchanges, queues and bindings, declared by one command with all their properties.

    <service>.events           topic     the events of the service
    <service>.dead             direct    to the dead letters of its queues
    <service>.retry.<n>s       fanout    to <service>.waiting.<n>s
    <service>.again            direct    to its own queues: messages that waited return through it
    <service>.lost             fanout    to <service>.lost.dead: lost messages of .again and .dead
    <service>.<function>       quorum queue of one consuming function
    <service>.<function>.dead  quorum queue of its dead letters
    <service>.waiting.<n>s     quorum queue that holds a message for n seconds and returns it
    <service>.lost.dead        quorum queue of messages for deleted queues

A waiting message names its queue. Only the queues of its own service are bound to <service>.again, and no user may
publish there. So no service can reach another service's queue through its waiting messages.

A message whose queue was deleted would block its waiting queue, and all messages behind it, for ever. So a policy makes
<service>.lost the alternate exchange of .again and .dead. deploy/broker_users.py sets the policy, because a policy also
holds for exchanges that an earlier release declared.

FastStream describes the exchanges and queues, so that its AsyncAPI document shows what exists; aio-pika declares them
on a plain connection.
"""

from collections.abc import Iterable

import structlog
from aio_pika import connect
from aio_pika.abc import AbstractChannel, AbstractExchange, AbstractQueue
from faststream.rabbit import ExchangeType, QueueType, RabbitExchange, RabbitQueue

from shared.events import Event
from shared.messaging.amqp import events_exchange
from shared.messaging.consumers import Consumer

log = structlog.get_logger()

RETRY_STEPS_SECONDS = (1, 5, 30, 120, 600, 1800)
# Above our own limits. It only ends loops in which a process dies before it can count an attempt.
DELIVERY_LIMIT = 50
# No process of Noren consumes these queues, so a redelivery means that a person looked at the message. RabbitMQ 4 would
# drop it after 20 looks, and RabbitMQ 3.10 has no value for "never".
LOOKS_MAX = 1_000_000


def dead_exchange(service: str) -> str:
    """Return the name of the dead-letter exchange of ``service``."""
    return f"{service}.dead"


def retry_exchange(service: str, seconds: int) -> str:
    """Return the name of the exchange whose messages return after ``seconds``."""
    return f"{service}.retry.{seconds}s"


def again_exchange(service: str) -> str:
    """Return the name of the exchange through which waiting messages return to the queues of ``service``."""
    return f"{service}.again"


def lost_exchange(service: str) -> str:
    """Return the name of the exchange for messages without another binding."""
    return f"{service}.lost"


def waiting_queue_name(service: str, seconds: int) -> str:
    """Return the name of the queue in which messages wait for ``seconds``."""
    return f"{service}.waiting.{seconds}s"


def consumer_queue(consumer: Consumer, event: type[Event]) -> RabbitQueue:
    """Return the queue of ``consumer`` with its binding for ``event``."""
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


def waiting_queue(service: str, seconds: int) -> RabbitQueue:
    """Return the queue in which messages wait for ``seconds`` before they return to their own queue."""
    return RabbitQueue(
        waiting_queue_name(service, seconds),
        queue_type=QueueType.QUORUM,
        durable=True,
        arguments={
            "x-message-ttl": seconds * 1000,
            # The routing key is the waiting consumer's queue.
            "x-dead-letter-exchange": again_exchange(service),
            "x-dead-letter-strategy": "at-least-once",
            "x-overflow": "reject-publish",
            "x-delivery-limit": LOOKS_MAX,
        },
    )


def dead_queue(queue: str) -> RabbitQueue:
    """Return the queue of the dead letters of ``queue``. A dead letter stays until a person removes it."""
    return RabbitQueue(
        f"{queue}.dead",
        queue_type=QueueType.QUORUM,
        durable=True,
        arguments={"x-overflow": "reject-publish", "x-delivery-limit": LOOKS_MAX},
    )


def topic(service: str) -> RabbitExchange:
    """Return the exchange on which ``service`` publishes its events."""
    return RabbitExchange(events_exchange(service), type=ExchangeType.TOPIC, durable=True)


async def declare(url: str, service: str, consumers: Iterable[Consumer]) -> None:
    """Declare all exchanges, queues and bindings of ``service``. A second run changes nothing.

    ``url`` is that of a user with the right to configure. Raises the broker's error if an object of the same name has
    other properties.
    """
    async with await connect(url) as connection, connection.channel() as channel:
        await _declare_topic(channel, service)
        dead, again, lost = [
            await _declare_exchange(channel, RabbitExchange(name, type=kind, durable=True))
            for name, kind in (
                (dead_exchange(service), ExchangeType.DIRECT),
                (again_exchange(service), ExchangeType.DIRECT),
                (lost_exchange(service), ExchangeType.FANOUT),
            )
        ]
        await (await _declare_queue(channel, dead_queue(lost_exchange(service)))).bind(lost)
        for consumer in consumers:
            for event in consumer.events:
                queue = await _declare_queue(channel, consumer_queue(consumer, event))
                await queue.bind(await _declare_topic(channel, event.producer), routing_key=event.type)
                await queue.bind(again, routing_key=consumer.queue)
            letters = await _declare_queue(channel, dead_queue(consumer.queue))
            await letters.bind(dead, routing_key=consumer.queue)
        for seconds in RETRY_STEPS_SECONDS:
            name = retry_exchange(service, seconds)
            retry = RabbitExchange(name, type=ExchangeType.FANOUT, durable=True)
            waiting = await _declare_queue(channel, waiting_queue(service, seconds))
            await waiting.bind(await _declare_exchange(channel, retry))
    log.info("topology.declared", service=service)


async def _declare_topic(channel: AbstractChannel, service: str) -> AbstractExchange:
    return await _declare_exchange(channel, topic(service))


async def _declare_exchange(channel: AbstractChannel, exchange: RabbitExchange) -> AbstractExchange:
    return await channel.declare_exchange(exchange.name, exchange.type.value, durable=exchange.durable)


async def _declare_queue(channel: AbstractChannel, queue: RabbitQueue) -> AbstractQueue:
    return await channel.declare_queue(queue.name, durable=queue.durable, arguments=queue.arguments)
