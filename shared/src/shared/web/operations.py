"""Operational figures of a service for 運用: unsent events, late work, waiting messages, dead letters.

Each service reports its own at ``/api/<service>/operations``, to staff only; checkout shows all of them.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from aiormq.abc import AbstractChannel
from fastapi import APIRouter
from pamqp.commands import Basic
from pydantic import BaseModel, ConfigDict
from sqlalchemy import func, select

from shared import metrics
from shared.clock import now
from shared.database.outbox import oldest_unsent_seconds
from shared.database.transactions import Database, Tx
from shared.database.transient import is_transient
from shared.due.work import DueWork
from shared.messaging.amqp import BrokerError, Link
from shared.messaging.topology import RETRY_STEPS_SECONDS, lost_exchange, waiting_queue_name
from shared.web.session import needs

log = structlog.get_logger()

# Due work is normally claimed within a second. After this time no worker runs, or the work fails repeatedly.
LATE = timedelta(minutes=2)
BROKER_SECONDS_MAX = 2.0
MEASURE_SECONDS_MAX = 3.0

Figures = Callable[[Tx], Awaitable[Mapping[str, int]]]


class ServiceHealth(BaseModel):
    """Health of one service. ``dead_letters`` counts by queue; None where the broker does not answer.

    ``unsent_seconds`` is the age of the oldest unpublished event, even if no relay runs. ``waiting`` counts messages in
    a pause. ``overdue_seconds`` is how long the oldest of them is overdue.
    """

    model_config = ConfigDict(extra="ignore")

    service: str
    unsent: int
    unsent_seconds: int = 0
    late: dict[str, int]
    dead_letters: dict[str, int] | None
    waiting: int = 0
    overdue_seconds: int = 0
    figures: dict[str, int] = {}


class Operations:
    """The source of the figures. ``queues`` are the queues of the consumers, ``figures`` the service's own counts."""

    def __init__(
        self,
        service: str,
        db: Database,
        *,
        amqp_url: str,
        queues: Sequence[str],
        due_work: Sequence[DueWork] = (),
        figures: Figures | None = None,
    ) -> None:
        self._service = service
        self._db = db
        self._amqp_url = amqp_url
        self._queues = queues
        self._due_work = due_work
        self._figures = figures

    async def health(self) -> ServiceHealth:
        """Count all of it now."""
        async with self._db.transaction() as tx:
            unsent = await tx.value("SELECT count(*) FROM outbox WHERE published_at IS NULL")
            oldest = await oldest_unsent_seconds(tx)
            late = {work.name: await _late(tx, work) for work in self._due_work}
            figures = dict(await self._figures(tx)) if self._figures else {}
        resting = await self._resting() if self._queues else _Resting({}, 0, 0)
        return ServiceHealth(
            service=self._service,
            unsent=int(unsent or 0),
            unsent_seconds=round(oldest),
            late={name: number for name, number in late.items() if number},
            dead_letters=resting.dead_letters if resting else None,
            waiting=resting.waiting if resting else 0,
            overdue_seconds=resting.overdue_seconds if resting else 0,
            figures=figures,
        )

    async def measure(self) -> None:
        """Set the gauges that must be correct even if no relay runs; NaN while the database does not answer."""
        try:
            async with asyncio.timeout(MEASURE_SECONDS_MAX), self._db.transaction() as tx:
                oldest = await oldest_unsent_seconds(tx)
                figures = dict(await self._figures(tx)) if self._figures else {}
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("operations.not_measured", error=type(error).__name__)
            metrics.OUTBOX_OLDEST_SECONDS.set(math.nan)
            return
        metrics.OUTBOX_OLDEST_SECONDS.set(oldest)
        for name, number in figures.items():
            metrics.OPERATIONS_ITEMS.labels(name).set(number)

    async def _resting(self) -> "_Resting | None":
        """Count the dead letters of each queue and the waiting messages; None if the broker does not answer."""
        link = Link(self._amqp_url, f"{self._service}.operations", timeout_seconds=BROKER_SECONDS_MAX)
        queues = dict.fromkeys((*self._queues, lost_exchange(self._service)))
        try:
            async with asyncio.timeout(BROKER_SECONDS_MAX):
                channel = await link.channel(confirms=False)
                dead = {queue: await _count(channel, f"{queue}.dead") for queue in queues}
                waiting = [await _waiting(channel, self._service, step) for step in RETRY_STEPS_SECONDS]
        except BrokerError as error:
            log.warning("operations.broker_not_asked", error=type(error).__name__)
            return None
        finally:
            await link.drop()
        return _Resting(
            {queue: number for queue, number in dead.items() if number},
            sum(number for number, _ in waiting),
            max(overdue for _, overdue in waiting),
        )

    def router(self) -> APIRouter:
        """Return the route that other services' pages read with the browser's own session."""
        routes = APIRouter(dependencies=[needs("read_operations")], include_in_schema=False)

        @routes.get(f"/api/{self._service}/operations")
        async def show_health() -> ServiceHealth:
            """Return the health of this service now."""
            return await self.health()

        return routes


@dataclass(frozen=True)
class _Resting:
    """The messages in the queues of a service that nobody consumes."""

    dead_letters: dict[str, int]
    waiting: int
    overdue_seconds: int


async def _count(channel: AbstractChannel, queue: str) -> int:
    """Return how many messages are in a queue; this needs no extra right."""
    return (await channel.queue_declare(queue, passive=True)).message_count or 0


async def _waiting(channel: AbstractChannel, service: str, seconds: int) -> tuple[int, int]:
    """Return how many messages wait for ``seconds``, and for how many seconds the oldest is overdue.

    The oldest message is read and returned, because the broker reports no age of a queue.
    """
    queue = waiting_queue_name(service, seconds)
    number = await _count(channel, queue)
    oldest = await channel.basic_get(queue) if number else None
    if oldest is None or not isinstance(oldest.delivery, Basic.GetOk):
        return number, 0
    await channel.basic_nack(oldest.delivery.delivery_tag or 0, requeue=True)
    headers = oldest.header.properties.headers or {}
    try:
        since = datetime.fromisoformat(str(headers.get("last_failed_at")))
        # The broker uses real time, not the shop's clock.
        age = (datetime.now(UTC) - since).total_seconds()
    except (ValueError, TypeError):
        return number, 0
    return number, max(0, round(age) - seconds)


async def _late(tx: Tx, work: DueWork) -> int:
    due_at = work.table.c.due_at
    counted = select(func.count()).select_from(work.table).where(due_at <= now() - LATE)
    return int(await tx.value(counted) or 0)
