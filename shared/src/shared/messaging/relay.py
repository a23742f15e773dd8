"""The relay: publishes outbox rows and marks each as published after the broker's confirm.

Transactions of the same process hand their rows over in memory. The relay claims from the table the rows that another
process stored or that a crash left behind. NOTIFY wakes it, and it also looks every second.
"""

import asyncio
from collections import deque
from collections.abc import Sequence

import asyncpg
import orjson
import structlog

from shared import metrics
from shared.clock import elapsed
from shared.crash import crash_point
from shared.database.outbox import (
    WAKE_CHANNEL,
    OutboxRow,
    claim_unsent,
    forget_sent,
    mark_published,
    oldest_unsent_seconds,
)
from shared.database.transactions import Database, Tx
from shared.database.transient import is_transient
from shared.messaging.amqp import BrokerUnavailable, Outgoing, Publisher, event_properties, events_exchange
from shared.messaging.inbox import forget_heard

log = structlog.get_logger()

BATCH_ROWS = 500
LOOK_EVERY_SECONDS = 1.0
TIDY_EVERY_SECONDS = 600.0
TIDY_ROWS = 5000
HANDED_OVER_MAX = 20_000
MARK_EVERY_SECONDS = 0.25
PAUSE_SECONDS_MAX = 1.0

_GIVE_BACK = """
    UPDATE outbox SET leased_until = NULL
    WHERE seq = ANY(CAST(:seqs AS bigint[])) AND published_at IS NULL
"""


def _count(row: OutboxRow, *, routed: bool, at: float) -> None:
    """Count the broker's confirm of one event, received at ``at``."""
    if not routed:
        metrics.UNROUTABLE.labels(row.type).inc()
        log.error("relay.unroutable", type=row.type, event_id=str(row.event_id))
        return
    metrics.PUBLISHED.labels(row.type).inc()
    # Observe every event, not only the oldest of each batch. The target is about events, and late batches are large.
    metrics.PUBLISH_DELAY_SECONDS.observe(at - row.written_at)


class Relay:
    """Publishes the outbox of one service. Any number may run.

    It claims from the table at least every ``look_every_seconds``.
    """

    def __init__(
        self, db: Database, publisher: Publisher, *, look_every_seconds: float = LOOK_EVERY_SECONDS
    ) -> None:
        self._db = db
        self._look_every = look_every_seconds
        self._publisher = publisher
        self._exchange = events_exchange(db.service)
        self._handed_over: deque[OutboxRow] = deque()
        self._in_hand: Sequence[OutboxRow] = ()
        self._confirmed: list[tuple[int, float]] = []
        self._to_mark = asyncio.Event()
        self._wake = asyncio.Event()
        self._stopping = False
        self._tidied_at = elapsed()
        self.alive_at = elapsed()
        self.oldest_unsent_seconds = 0.0

    def hand_over(self, rows: Sequence[OutboxRow]) -> None:
        """Take rows that this process has just committed under its lease."""
        # Rows beyond the limit wait in the table, so that memory is bounded while the broker is unavailable.
        if len(self._handed_over) < HANDED_OVER_MAX:
            self._handed_over.extend(rows)
        self._wake.set()

    async def run(self) -> None:
        """Relay until :meth:`stop`. Survives the loss of broker and database."""
        try:
            async with asyncio.TaskGroup() as group:
                # Marking is a separate task, so that no event waits for it.
                marking = group.create_task(self._mark_now_and_then())
                await self._relay_until_stopped()
                marking.cancel()
        except BaseExceptionGroup as group_error:
            # The first error is the reason. It only cancelled the other task.
            raise group_error.exceptions[0] from group_error
        await self._try_to_mark()

    async def _relay_until_stopped(self) -> None:
        pause = 0.1
        looked_at = float("-inf")
        while not (self._stopping and not self._handed_over):
            try:
                woken_by_others = self._wake.is_set() and not self._handed_over
                if woken_by_others or elapsed() - looked_at >= self._look_every:
                    looked_at = elapsed()
                    claimed = await self._claim()
                    await self._relay(claimed)
                    if len(claimed) == BATCH_ROWS:
                        looked_at = float("-inf")
                # At least one batch is published between two claims. Otherwise these rows would wait for slow claims.
                while self._handed_over:
                    batch = [
                        self._handed_over.popleft() for _ in range(min(BATCH_ROWS, len(self._handed_over)))
                    ]
                    await self._relay(batch)
                    if elapsed() - looked_at >= self._look_every:
                        break
                self.alive_at = elapsed()
                pause = 0.1
                await self._sleep(looked_at)
            except BrokerUnavailable as error:
                log.warning("relay.broker_unavailable", reason=str(error))
                self.alive_at = elapsed()
                await self._give_back()
                pause = await self._pause(pause)
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("relay.database_unavailable", error=type(error).__name__)
                self.alive_at = elapsed()
                pause = await self._pause(pause)

    def stop(self) -> None:
        """Finish what was handed over, then return from :meth:`run`."""
        self._stopping = True
        self._wake.set()

    async def _sleep(self, looked_at: float) -> None:
        if self._handed_over or self._stopping:
            return
        self._wake.clear()
        try:
            async with asyncio.timeout(max(0.0, looked_at + self._look_every - elapsed())):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _give_back(self) -> None:
        """End the leases on all rows in memory, so that they can be claimed as soon as the broker is back.

        The first relay that reaches the broker then publishes them from the table, oldest first.
        """
        seqs = [row.seq for row in (*self._in_hand, *self._handed_over)]
        self._in_hand = ()
        self._handed_over.clear()
        try:
            async with self._db.transaction() as tx:
                await tx.execute(_GIVE_BACK, seqs=seqs)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("relay.database_unavailable", error=type(error).__name__)

    async def _pause(self, seconds: float) -> float:
        if self._stopping:
            # The rows in memory are also in the table: their leases run out and another relay claims them.
            self._handed_over.clear()
            return seconds
        await asyncio.sleep(seconds)
        return min(seconds * 2, PAUSE_SECONDS_MAX)

    async def _claim(self) -> list[OutboxRow]:
        async with self._db.transaction() as tx:
            rows = await claim_unsent(tx, rows_max=BATCH_ROWS)
            self.oldest_unsent_seconds = await oldest_unsent_seconds(tx)
            await self._tidy(tx)
        metrics.OUTBOX_OLDEST_SECONDS.set(self.oldest_unsent_seconds)
        return rows

    async def _tidy(self, tx: Tx) -> None:
        """Delete old rows every ten minutes. While more than one portion is old, delete one portion with each claim."""
        if elapsed() - self._tidied_at > TIDY_EVERY_SECONDS:
            sent = await forget_sent(tx, rows_max=TIDY_ROWS)
            heard = await forget_heard(tx, rows_max=TIDY_ROWS)
            if max(sent, heard) < TIDY_ROWS:
                self._tidied_at = elapsed()

    async def _relay(self, rows: Sequence[OutboxRow]) -> None:
        if not rows:
            return
        crash_point("K3")
        self._in_hand = rows
        answers = await self._publisher.publish([self._message(row) for row in rows])
        self._in_hand = ()
        crash_point("K5")
        at = elapsed()
        for row, routed in zip(rows, answers, strict=True):
            _count(row, routed=routed, at=at)
        self._confirmed += [(row.seq, at) for row, routed in zip(rows, answers, strict=True) if routed]
        self._to_mark.set()

    async def _mark_now_and_then(self) -> None:
        """Mark confirmed rows, those of a quarter of a second in one transaction."""
        while True:
            await self._to_mark.wait()
            await asyncio.sleep(MARK_EVERY_SECONDS)
            self._to_mark.clear()
            await self._try_to_mark()

    async def _try_to_mark(self) -> None:
        try:
            await self._mark()
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("relay.database_unavailable", error=type(error).__name__)
            self._to_mark.set()

    async def _mark(self) -> None:
        """Mark the rows that the broker has confirmed.

        After a crash before this, the events are published twice; the inboxes drop the second.
        """
        confirmed, self._confirmed = self._confirmed, []
        if not confirmed:
            return
        try:
            async with self._db.transaction() as tx:
                # mark_published subtracts the ages from now(), the start of this transaction. So compute them after the
                # start.
                at = elapsed()
                await mark_published(tx, [seq for seq, _ in confirmed], [at - then for _, then in confirmed])
                crash_point("K6")
        except BaseException:
            self._confirmed = confirmed + self._confirmed
            raise

    def _message(self, row: OutboxRow) -> Outgoing:
        return Outgoing(
            exchange=self._exchange,
            routing_key=row.type,
            body=row.body.encode(),
            properties=event_properties(
                event_id=str(row.event_id),
                type_=row.type,
                correlation=row.correlation,
                occurred_at=row.occurred_at,
                app_id=self._db.service,
                headers=orjson.loads(row.headers),
            ),
        )

    async def listen(self, dsn: str) -> None:
        """Wake the relay when another process writes to the outbox. A lost connection only costs delay."""
        while not self._stopping:
            try:
                await self._listen_once(dsn)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                log.warning("relay.listener_lost", error=type(error).__name__)
                await asyncio.sleep(1)

    async def _listen_once(self, dsn: str) -> None:
        connection = await asyncpg.connect(dsn, timeout=10)
        lost = asyncio.Event()
        try:
            connection.add_termination_listener(lambda _: lost.set())
            await connection.add_listener(WAKE_CHANNEL, lambda *_: self._wake.set())
            await lost.wait()
        finally:
            await connection.close(timeout=2)
