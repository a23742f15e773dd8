"""Relays and publishers with a bug."""

import asyncio
from collections.abc import Sequence
from copy import copy

import orjson

from shared.crash import crash_point
from shared.database.outbox import OutboxRow, claim_unsent, mark_published
from shared.database.transactions import Database
from shared.messaging.amqp import (
    BrokerUnavailable,
    Link,
    Outgoing,
    Publisher,
    event_properties,
    events_exchange,
)
from shared.messaging.relay import Relay

LOOK_EVERY_SECONDS = 1.0
NEVER_SECONDS = 1e6


class PlainRelay:
    """A right relay, of which the wrong ones change one step."""

    def __init__(self, db: Database, publisher: Publisher) -> None:
        self.db = db
        self.publisher = publisher
        self.woken = asyncio.Event()

    def hand_over(self, rows: Sequence[OutboxRow]) -> None:
        """Look into the table soon."""
        self.woken.set()

    async def run(self) -> None:
        """Relay for ever."""
        while True:
            try:
                await self.look()
            except (BrokerUnavailable, ConnectionError):
                await asyncio.sleep(1)
            try:
                async with asyncio.timeout(LOOK_EVERY_SECONDS * 10):
                    await self.woken.wait()
                self.woken.clear()
                await asyncio.sleep(0.05)
            except TimeoutError:
                continue

    async def look(self) -> None:
        """Claim, publish, mark."""
        rows = await self.claim()
        crash_point("K3")
        sent = await self.publish(rows)
        crash_point("K5")
        await self.mark(sent)

    async def claim(self) -> Sequence[OutboxRow]:
        """Return unsent rows, leased."""
        async with self.db.transaction() as tx:
            # This one is handed nothing over: rows leased by their own transaction are its own.
            await tx.execute("UPDATE outbox SET leased_until = NULL WHERE published_at IS NULL")
            return await claim_unsent(tx, rows_max=100)

    async def publish(self, rows: Sequence[OutboxRow]) -> Sequence[int]:
        """Publish; return the numbers of what a queue took."""
        answers = await self.publisher.publish([self.message(row) for row in rows])
        return [row.seq for row, routed in zip(rows, answers, strict=True) if routed]

    async def mark(self, seqs: Sequence[int]) -> None:
        """Note what was confirmed."""
        async with self.db.transaction() as tx:
            await mark_published(tx, seqs)

    def message(self, row: OutboxRow) -> Outgoing:
        """Return the message of a row."""
        properties = event_properties(
            event_id=str(row.event_id),
            type_=row.type,
            correlation=row.correlation,
            occurred_at=row.occurred_at,
            app_id=self.db.service,
            headers=orjson.loads(row.headers),
        )
        return Outgoing(events_exchange(self.db.service), row.type, row.body.encode(), properties)


class MarksFirst(PlainRelay):
    """Marks before it publishes."""

    async def look(self) -> None:
        """Claim, mark, publish."""
        rows = await self.claim()
        await self.mark([row.seq for row in rows])
        crash_point("K3")
        await self.publish(rows)


class TrustsSilence(PlainRelay):
    """Takes a publish without an answer for done."""

    async def publish(self, rows: Sequence[OutboxRow]) -> Sequence[int]:
        """Publish; whatever comes of it, it was sent."""
        try:
            await super().publish(rows)
        except BrokerUnavailable:
            await asyncio.sleep(0)
        return [row.seq for row in rows]


class FollowsCursor(PlainRelay):
    """Reads what has a greater number than the last it saw; smaller ones may commit later."""

    async def claim(self) -> Sequence[OutboxRow]:
        """Return rows beyond the last."""
        async with self.db.transaction() as tx:
            rows = await tx.rows(
                "SELECT seq, event_id, type, correlation, body, headers, occurred_at FROM outbox"
                " WHERE seq > (SELECT coalesce(max(seq), 0) FROM outbox WHERE published_at IS NOT NULL)"
                " ORDER BY seq"
            )
            return [OutboxRow(*tuple(row)) for row in rows]


def never_looks(db: Database, publisher: Publisher) -> Relay:
    """Make the real relay without its look every second."""
    return Relay(db, publisher, look_every_seconds=NEVER_SECONDS)


class _Wrong(Publisher):
    def __init__(self, link: Link) -> None:
        super().__init__("", "", link=link)


class LetsCancellationThrough(_Wrong):
    """Takes a dying connection's CancelledError for its own."""

    async def publish(self, messages: Sequence[Outgoing]) -> list[bool]:
        """Publish; whoever asked is cancelled with the connection."""
        try:
            return await super().publish(messages)
        except BrokerUnavailable as error:
            raise asyncio.CancelledError from error


class TrustsReturns(_Wrong):
    """Takes a returned message for a sent one."""

    async def publish(self, messages: Sequence[Outgoing]) -> list[bool]:
        """Publish; what came back was sent, too."""
        return [True for _ in await super().publish(messages)]


class SendsTransient(_Wrong):
    """Publishes messages that do not survive a restart of the broker."""

    async def publish(self, messages: Sequence[Outgoing]) -> list[bool]:
        """Publish with delivery mode 1."""
        return await super().publish([_transient(message) for message in messages])


def _transient(message: Outgoing) -> Outgoing:
    properties = copy(message.properties)
    properties.delivery_mode = 1
    return Outgoing(message.exchange, message.routing_key, message.body, properties)
