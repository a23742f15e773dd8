"""The batch loop behind each consuming function.

The worker collects messages while a transaction runs. They are the next batch: one transaction, one inbox insert, one
acknowledgement. If a batch fails, the worker runs it again message by message. A bad message then fails alone and does
not block the others. A message is acknowledged only after its effect, its retry or its dead letter is stored.

The broker redelivers a message if the process that held it died, and the message may be the reason. The worker handles
redelivered messages one by one, acknowledges each alone, and takes them in another order after each death. Harmless
messages are soon handled. The message that kills the process remains, with its count of deliveries.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from aiormq.abc import AbstractChannel, DeliveredMessage

from shared import metrics
from shared.clock import elapsed
from shared.crash import crash_point
from shared.database.transactions import Database
from shared.database.transient import is_transient
from shared.errors import Refused, TryAgain, Undecodable
from shared.messaging.amqp import BrokerError, BrokerUnavailable, Link, Publisher, cancelled_by_us
from shared.messaging.batch import Batch
from shared.messaging.consumers import Consumer
from shared.messaging.dead_letter_headers import Death
from shared.messaging.heard import Heard
from shared.messaging.inbox import insert_inbox, insert_replay
from shared.messaging.poison_messages import order_of_this_life, times_in_hand
from shared.messaging.retries import bury, put_off

log = structlog.get_logger()

# Pauses are short, so that all consumers reconnect at about the same time. Otherwise one consumer gets an event long
# before another gets the event before it, and must put it off.
PAUSE_SECONDS_MAX = 1.0
LOOK_EVERY_SECONDS = 10.0
IDLE_SECONDS = 1.0
POISON_LINGER_SECONDS = 0.2


@dataclass(frozen=True)
class Intake:
    """The source of messages for the workers of a process, and the resources to handle them.

    An idle worker checks every ``idle_seconds`` that its channel still lives. After the loss of the broker or the
    database it pauses, each time longer, up to ``pause_seconds_max``.
    """

    link: Link
    publisher: Publisher
    prefetch: int
    idle_seconds: float = IDLE_SECONDS
    pause_seconds_max: float = PAUSE_SECONDS_MAX


class Worker:
    """Consumes one queue for one function until stopped; ``process`` runs a batch through the function's handler."""

    def __init__(
        self,
        consumer: Consumer,
        process: Callable[[Batch], Awaitable[None]],
        db: Database,
        intake: Intake,
    ) -> None:
        self.consumer = consumer
        self._process = process
        self._db, self._link, self._publisher = db, intake.link, intake.publisher
        self._prefetch = intake.prefetch
        self._idle_seconds = intake.idle_seconds
        self._pause_max = intake.pause_seconds_max
        self._stopping = False
        self._arrived = asyncio.Event()
        self.consuming_at: float | None = None
        self.task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start to consume in a separate task."""
        self._stopping = False
        self.task = asyncio.create_task(self.run(), name=self.consumer.queue)

    async def finish(self, seconds: float | None) -> None:
        """Stop. Cancel the present batch if it does not finish within ``seconds``.

        Its messages are then redelivered.
        """
        self.stop()
        if self.task is not None:
            _, late = await asyncio.wait({self.task}, timeout=seconds)
            for task in late:
                task.cancel()

    async def run(self) -> None:
        """Consume until :meth:`stop`. Reconnect after each loss of the connection."""
        pause = 0.1
        while not self._stopping:
            try:
                channel = await self._link.channel(confirms=False)
                try:
                    await self._consume(channel)
                finally:
                    if self.consuming_at is not None:
                        # The worker had begun to consume. So this is a new loss, and the first pause is short.
                        pause = 0.1
                    self.consuming_at = None
                    await _close(channel)
            except (*BrokerError, BrokerUnavailable) as error:
                log.warning("consumer.broker_lost", queue=self.consumer.queue, error=type(error).__name__)
            except asyncio.CancelledError:
                if cancelled_by_us():
                    raise
                log.warning("consumer.broker_lost", queue=self.consumer.queue, error="cancelled")
            if not self._stopping:
                await asyncio.sleep(pause)
                pause = min(pause * 2, self._pause_max)

    def stop(self) -> None:
        """Finish the present batch, then return from :meth:`run`. The other messages return to the queue."""
        self._stopping = True
        self._arrived.set()

    async def _consume(self, channel: AbstractChannel) -> None:
        # Each channel has its own queue in memory: the delivery tags of a lost channel mean other messages on the next
        # one.
        waiting: deque[DeliveredMessage] = deque()

        async def take(delivery: DeliveredMessage) -> None:
            waiting.append(delivery)
            self._arrived.set()

        await channel.basic_qos(prefetch_count=self._prefetch)
        answer = await channel.basic_consume(self.consumer.queue, take)
        tag = answer.consumer_tag
        looked_at = elapsed()
        while not self._stopping:
            linger = self.consumer.linger_seconds
            if any(one.redelivered and times_in_hand(one) > 1 for one in waiting):
                # The poison message is mostly the oldest. Wait for other messages, so that they are handled before it.
                linger = max(linger, POISON_LINGER_SECONDS)
            if linger and 0 < len(waiting) < self._prefetch:
                await asyncio.sleep(linger)
            # The broker may cancel a consumer, and a channel may close, without a notification.
            if channel.is_closed or tag not in getattr(channel, "consumers", ()):
                raise ConnectionError("consumer is gone")
            if elapsed() - looked_at > LOOK_EVERY_SECONDS:
                looked_at = elapsed()
                declared = await channel.queue_declare(self.consumer.queue, passive=True, timeout=5)
                if not declared.consumer_count:
                    raise ConnectionError("the broker knows of no consumer")
            self.consuming_at = elapsed()
            if not waiting:
                self._arrived.clear()
                await _wait(self._arrived, seconds=self._idle_seconds)
                continue
            batch = list(waiting)
            waiting.clear()
            await self._handle(channel, batch)

    async def _handle(self, channel: AbstractChannel, deliveries: Sequence[DeliveredMessage]) -> None:
        """Handle redelivered messages one by one, then the rest.

        The last acknowledgement covers all earlier messages.
        """
        again = [one for one in deliveries if one.redelivered]
        for one in sorted(again, key=order_of_this_life):
            await self._handle_batch(channel, [one], multiple=False)
            self.consuming_at = elapsed()
            if self._stopping:
                return
        fresh = [one for one in deliveries if not one.redelivered]
        if fresh:
            await self._handle_batch(channel, fresh, multiple=True)

    async def _handle_batch(
        self, channel: AbstractChannel, deliveries: Sequence[DeliveredMessage], *, multiple: bool
    ) -> None:
        started = elapsed()
        heard: list[Heard] = []
        for delivery in deliveries:
            try:
                heard.append(Heard.decode(delivery, self.consumer.events))
            except Undecodable as error:
                await bury(self._publisher, self.consumer, delivery, reason=error.reason, error=error)
                self._count(error.reason)
        await self._apply_all(heard)
        crash_point("K9")
        await channel.basic_ack(deliveries[-1].delivery_tag or 0, multiple=multiple)
        metrics.BATCH_SIZE.labels(self.consumer.queue).observe(len(deliveries))
        metrics.BATCH_SECONDS.labels(self.consumer.queue).observe(elapsed() - started)

    async def _apply_all(self, heard: Sequence[Heard]) -> None:
        if not heard:
            return
        if len(heard) > 1 and not any(one.death for one in heard):
            try:
                await self._apply(heard)
                return
            except Exception as error:
                log.debug("consumer.batch_split", queue=self.consumer.queue, error=type(error).__name__)
        for one in heard:
            await self._apply_one(one)

    async def _apply_one(self, heard: Heard) -> None:
        """Handle one message until it has a result: done, refused, put off, or a dead letter."""
        pause = 0.1
        refused = False
        while True:
            try:
                if heard.death is not None:
                    await self._note_replay(heard, heard.death)
                await (self._note_refused(heard) if refused else self._apply([heard]))
                return
            except Refused as error:
                log.info("message.refused", **self._about(heard), code=error.code)
                self._count("refused")
                refused = True
            except TryAgain as error:
                self._count("put_off")
                await put_off(self._publisher, self.consumer, heard, error)
                return
            except Exception as error:
                if not is_transient(error):
                    log.exception("message.failed", **self._about(heard))
                    self._count("failed")
                    await put_off(self._publisher, self.consumer, heard, error)
                    return
                # The database is unavailable. The message did not cause this, so it waits and no attempt is counted.
                log.warning("consumer.database_unavailable", error=type(error).__name__)
                if self._stopping:
                    raise ConnectionError("stopping while the database is away") from error
                self.consuming_at = elapsed()
                await asyncio.sleep(pause)
                pause = min(pause * 2, self._pause_max)

    async def _apply(self, heard: Sequence[Heard]) -> None:
        """Raise the reason why ``heard`` was not committed.

        Only the handler knows it, because a middleware may hide or add an error.
        """
        batch = Batch(heard)
        try:
            await self._process(batch)
        except Exception:
            if batch.committed:
                log.exception("consumer.middleware_failed", queue=self.consumer.queue)
            elif batch.error is None:
                raise
        batch.must_be_committed()

    async def _note_refused(self, heard: Heard) -> None:
        async with self._db.transaction() as tx:
            await insert_inbox(tx, self.consumer.queue, [heard.event.event_id])

    async def _note_replay(self, heard: Heard, death: Death) -> None:
        """Store that the message was replayed, also if it fails again."""
        async with self._db.transaction() as tx:
            first = await insert_replay(tx, self.consumer.queue, heard.event.event_id, death)
        if first:
            log.warning("message.replayed", **self._about(heard), died_of=death.of, by=death.replayed_by)
            self._count("replayed")

    def _about(self, heard: Heard) -> dict[str, Any]:
        event = heard.event
        return {
            "queue": self.consumer.queue,
            "type": event.type,
            "event_id": str(event.event_id),
            "correlation": event.correlation,
        }

    def _count(self, outcome: str) -> None:
        metrics.MESSAGES.labels(self.consumer.queue, outcome).inc()


async def _wait(event: asyncio.Event, *, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


async def _close(channel: AbstractChannel) -> None:
    try:
        async with asyncio.timeout(2):
            await channel.close()
    except BrokerError as error:
        log.debug("channel.close_failed", error=type(error).__name__)
    except asyncio.CancelledError:
        if cancelled_by_us():
            raise
