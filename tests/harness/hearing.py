"""Runs a service's consuming functions through FastStream's in-memory broker, inbox and outbox included."""

from collections.abc import Mapping
from typing import Any

import orjson
from faststream.rabbit import TestRabbitBroker

from shared.database.transactions import Database
from shared.events import DeskEvent, Event
from shared.messaging.amqp import events_exchange
from shared.messaging.consumers import Consumers
from shared.messaging.heard import decode_event
from shared.messaging.stream import stream


class Hearing:
    """Lets a service hear events as the broker would bring them."""

    def __init__(
        self, consumers: Consumers, db: Database, resources: Mapping[type[Any], Any] | None = None
    ) -> None:
        self._broker = stream("amqp://memory", consumers, db, resources)

    async def hears(self, *events: Event, times: int = 1) -> None:
        """Deliver each of ``events`` to every function that listens, ``times`` times with the same id."""
        async with TestRabbitBroker(self._broker) as broker:
            for event in events:
                for _ in range(times):
                    await broker.publish(
                        event.model_dump_json().encode(),
                        exchange=events_exchange(event.producer),
                        routing_key=event.type,
                        message_type=event.type,
                        message_id=str(event.event_id),
                        correlation_id=event.correlation,
                        content_type="application/json",
                        headers={"occurred_at": event.occurred_at.isoformat(), **_trace(event)},
                    )


def _trace(event: Event) -> dict[str, str]:
    return {"traceparent": event.traceparent} if event.traceparent else {}


async def said(db: Database) -> list[Event]:
    """Return everything in the outbox of ``db`` in the order in which it was said."""
    async with db.transaction() as tx:
        rows = await tx.rows("SELECT type, event_id, body, headers, occurred_at FROM outbox ORDER BY seq")
    return [
        decode_event(
            row.body.encode(),
            type_=row.type,
            event_id=str(row.event_id),
            headers={"occurred_at": row.occurred_at.isoformat(), **orjson.loads(row.headers)},
        )
        for row in rows
    ]


__all__ = ["Hearing", "said"]


async def effects(db: Database) -> list[Event]:
    """Return what was said but the deeds of staff, which are only for 操作の記録."""
    return [event for event in await said(db) if not isinstance(event, DeskEvent)]
