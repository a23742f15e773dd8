"""A batch: the messages that share one transaction, and the handler that runs a consuming function on them."""

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
    """The messages of one transaction.

    Only the handler sets ``committed``, after the commit. ``error`` is the reason if there was no commit. The code that
    acknowledges checks these two fields, not the result of the middlewares around the handler.
    """

    heard: Sequence[Heard]
    committed: bool = False
    error: Exception | None = None

    def must_be_committed(self) -> None:
        """Raise the reason if the batch is not committed."""
        if not self.committed:
            raise self.error or NotCommitted


class NotCommitted(Exception):
    """The handler never ran: a middleware dropped the batch without an error."""


HandleBatch = Callable[[Batch], Awaitable[None]]


def batch_handler(consumer: Consumer, db: Database | None, resources: Resources) -> HandleBatch:
    """Return the handler of a batch for ``consumer``: it runs inbox, function and outbox in one transaction.

    Without a database the handler raises an error: such a broker only serves the documents.
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
            new = [event for event in events if event.event_id in fresh]
            if new:
                await consumer.call(new, tx, resources)
            crash_point("K8")
    return len(new)
