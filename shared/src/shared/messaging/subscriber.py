"""Batches as subscribers of FastStream. Only this file depends on private parts of FastStream.

FastStream calls a handler once per message and has no batches for RabbitMQ. A :class:`BatchSubscriber` is registered on
the broker like any subscriber. The broker's start and stop, middlewares, in-memory broker and AsyncAPI document
therefore apply to the object that consumes in production. Its messages come from the loop of a
:class:`shared.messaging.worker.Worker`; FastStream processes a whole :class:`shared.messaging.batch.Batch` as one
message.

tests/shared/test_subscriber.py fails if an upgrade of FastStream changes these private parts (decision 0003).
"""

from inspect import cleandoc
from typing import Any, cast

from aio_pika import IncomingMessage
from aiormq.abc import DeliveredMessage
from faststream._internal.broker.registrator import Registrator
from faststream._internal.endpoint.subscriber import SubscriberUsecase
from faststream._internal.endpoint.subscriber.call_item import CallsCollection
from faststream.message import StreamMessage
from faststream.middlewares import AckPolicy
from faststream.rabbit import RabbitBroker, RabbitMessage
from faststream.rabbit.configs import RabbitBrokerConfig
from faststream.rabbit.subscriber import RabbitSubscriber
from faststream.rabbit.subscriber.config import RabbitSubscriberConfig, RabbitSubscriberSpecificationConfig
from faststream.rabbit.subscriber.specification import RabbitSubscriberSpecification
from faststream.response import Response
from faststream.specification.asyncapi.message import get_model_schema
from faststream.specification.asyncapi.utils import to_camelcase
from pamqp.commands import Basic
from pamqp.header import ContentHeader
from pydantic import create_model

from shared.events import Event
from shared.messaging.batch import Batch, HandleBatch
from shared.messaging.consumers import Consumer
from shared.messaging.heard import Heard
from shared.messaging.topology import consumer_queue, topic
from shared.messaging.worker import Worker

STOP_SECONDS_MAX = 10.0


class BatchBroker(RabbitBroker):
    """A broker whose subscribers open plain connections themselves. It never opens a robust connection."""

    def __init__(self, url: str, *, app_id: str) -> None:
        # There are no types to inject: FastDepends makes no pydantic model of each handler. The workers log errors.
        super().__init__(
            url,
            app_id=app_id,
            logger=None,
            apply_types=False,
            serializer=None,
            graceful_timeout=STOP_SECONDS_MAX,
        )
        self.workers: list[Worker] = []

    def hear(self, consumer: Consumer, handle: HandleBatch) -> "BatchSubscriber":
        """Register ``handle`` for each event of ``consumer``. Return the subscriber that may get their worker."""
        first, *others = [BatchSubscriber(self, consumer, event) for event in consumer.events]
        for subscriber in (first, *others):
            Registrator.subscriber(self, subscriber)
            subscriber(handle)
            subscriber._build_fastdepends_model()
        self._setup_logger()
        return first

    def consume(self, subscriber: "BatchSubscriber", worker: Worker) -> None:
        """Run ``worker`` while ``subscriber`` runs. All events arrive in one queue, so one worker consumes them all."""
        subscriber.worker = worker
        self.workers.append(worker)

    async def start(self) -> None:
        """Start the subscribers, which retry until they are connected. Declare nothing."""
        for subscriber in self.subscribers:
            await subscriber.start()
        self.running = True


class BatchSubscriber(RabbitSubscriber):
    """Handles one event of a consuming function.

    The subscriber of the first event has the ``worker`` of their queue.
    """

    worker: Worker | None = None

    def __init__(self, broker: BatchBroker, consumer: Consumer, event: type[Event]) -> None:
        settings = cast(RabbitBrokerConfig, broker.config)
        queue, exchange = consumer_queue(consumer, event), topic(event.producer)
        calls = CallsCollection[IncomingMessage]()
        described = RabbitSubscriberSpecificationConfig(
            title_=f"{consumer.queue}:{event.__name__}",
            description_=cleandoc(consumer.function.__doc__ or ""),
            queue=queue,
            exchange=exchange,
        )
        super().__init__(
            RabbitSubscriberConfig(
                queue=queue,
                exchange=exchange,
                no_reply=True,
                _ack_policy=AckPolicy.MANUAL,
                _outer_config=settings,
            ),
            EventSpecification(settings, described, calls, event),
            calls,
        )
        self._consumer = consumer
        self._parser, self._decoder = self._parse, self._body

    async def start(self) -> None:
        """Prepare the handler. Begin to consume if this subscriber has the worker."""
        await SubscriberUsecase.start(self)
        self._post_start()
        if self.worker is not None:
            self.worker.start()

    async def stop(self) -> None:
        """Finish and acknowledge the present batch within the broker's grace period."""
        if self.worker is not None:
            await self.worker.finish(self._outer_config.graceful_timeout)
        await super().stop()

    async def process_batch(self, batch: Batch) -> None:
        """Run ``batch`` through the middlewares and the handler."""
        await super().process_message(batch)  # type: ignore[arg-type]

    async def process_message(self, msg: IncomingMessage) -> Response:
        """Handle a message of FastStream's in-memory broker as a batch of one."""
        delivery = DeliveredMessage(
            Basic.Deliver(exchange=msg.exchange or "", routing_key=msg.routing_key),
            ContentHeader(properties=msg.properties),
            msg.body,
            cast(Any, None),
        )
        batch: Any = Batch([Heard.decode(delivery, self._consumer.events)])
        return await super().process_message(batch)

    async def _parse(self, batch: Batch) -> StreamMessage[IncomingMessage]:
        """Return the message that middlewares see: the last of ``batch``, which cannot be acknowledged."""
        raw = IncomingMessage(batch.heard[-1].delivery, no_ack=True)
        return RabbitMessage(
            raw_message=raw,
            body=batch,
            headers=raw.headers,
            content_type=raw.content_type,
            message_id=raw.message_id,
            correlation_id=raw.correlation_id,
        )

    async def _body(self, message: StreamMessage[IncomingMessage]) -> Any:
        return message.body


class EventSpecification(RabbitSubscriberSpecification):
    """The payload of one event for AsyncAPI; the handler's signature does not contain it."""

    def __init__(
        self,
        broker: RabbitBrokerConfig,
        described: RabbitSubscriberSpecificationConfig,
        calls: CallsCollection[IncomingMessage],
        event: type[Event],
    ) -> None:
        super().__init__(broker, described, calls)
        self._event = event

    def get_payloads(self) -> list[tuple[dict[str, Any], str]]:
        """Return the schema of the event."""
        schema = get_model_schema(create_model("Heard", body=(self._event, ...)))
        return [(schema, to_camelcase(self.call_name))]
