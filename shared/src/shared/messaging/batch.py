"""A batch: the messages that share one transaction, and what handles them for a consuming function."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from structlog.contextvars import bound_contextvars

from shared import metrics
from shared.crash import crash_point
from shared.database.transactions import Database
from shared.messaging.consumers import Consumer, Resources
from shared.messaging.heard import Heard
from shared.messaging.inbox import insert_inbox


@dataclass
class Batch:
    """Messages on their way through one transaction.

    ``committed`` is set by the handler alone, after the commit; ``error`` is why there was none. Whoever acknowledges
    asks these two, and not what the middlewares around the handler made of its end.
    """

    heard: Sequence[Heard]
    committed: bool = False
    error: Exception | None = None

    def must_be_committed(self) -> None:
        """Raise why it is not committed, if it is not."""
        if not self.committed:
            raise self.error or NotCommitted


class NotCommitted(Exception):
    """The handler was never asked: a middleware kept the batch back and raised nothing."""


HandleBatch = Callable[[Batch], Awaitable[None]]


def batch_handler(consumer: Consumer, db: Database | None, resources: Resources) -> HandleBatch:
    """Return what runs the function of ``consumer`` on a batch: inbox, function and outbox in one transaction.

    Without a database it refuses: the broker then only documents.
    """

    async def handle(batch: Batch) -> None:
        if db is None:
            raise RuntimeError("this broker only documents")
        try:
            new = await _apply(batch.heard, consumer, db, resources)
        except Exception as error:
            batch.error = error
            raise
        batch.committed = True
        metrics.MESSAGES.labels(consumer.queue, "done").inc(new)
        if len(batch.heard) > new:
            metrics.MESSAGES.labels(consumer.queue, "duplicate").inc(len(batch.heard) - new)

    handle.__name__ = consumer.name
    return handle


async def _apply(heard: Sequence[Heard], consumer: Consumer, db: Database, resources: Resources) -> int:
    """Return how many events were new."""
    crash_point("K7")
    with bound_contextvars(consumer=consumer.queue):
        async with db.transaction() as tx:
            fresh = await insert_inbox(tx, consumer.queue, [one.event.event_id for one in heard])
            events = list({one.event.event_id: one.event for one in heard}.values())
            news = [event for event in events if event.event_id in fresh]
            if news:
                await consumer.call(news, tx, resources)
            crash_point("K8")
    return len(news)
