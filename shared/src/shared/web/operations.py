"""How a service stands, for the page of operations: what is unsent, what is late, what could not be handled.

A service answers for itself at ``/api/<service>/operations``, to staff only; checkout shows all of them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta

import structlog
from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict
from sqlalchemy import func, select

from shared.amqp import BrokerError, Link
from shared.clock import now
from shared.database import Database, Tx
from shared.due import DueWork
from shared.web.session import require_staff

log = structlog.get_logger()

# Work that is due is taken within a second; later than this nobody takes it, or it fails again and again.
LATE = timedelta(minutes=2)
BROKER_SECONDS_MAX = 2.0

Figures = Callable[[Tx], Awaitable[Mapping[str, int]]]


class Standing(BaseModel):
    """How one service stands. ``dead_letters`` counts by queue; None where the broker does not answer."""

    model_config = ConfigDict(extra="ignore")

    service: str
    unsent: int
    late: dict[str, int]
    dead_letters: dict[str, int] | None
    figures: dict[str, int] = {}


class Operations:
    """What a service knows of itself; ``queues`` are those of its consumers, ``figures`` counts of its own."""

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

    async def standing(self) -> Standing:
        """Count all of it now."""
        async with self._db.transaction() as tx:
            unsent = await tx.value("SELECT count(*) FROM outbox WHERE published_at IS NULL")
            late = {work.name: await _late(tx, work) for work in self._due_work}
            figures = dict(await self._figures(tx)) if self._figures else {}
        return Standing(
            service=self._service,
            unsent=int(unsent or 0),
            late={name: number for name, number in late.items() if number},
            dead_letters=await self._dead_letters(),
            figures=figures,
        )

    async def _dead_letters(self) -> dict[str, int] | None:
        """Ask the broker how much lies in each queue of dead letters; to look needs no right of its own."""
        if not self._queues:
            return {}
        link = Link(self._amqp_url, f"{self._service}.operations", timeout_seconds=BROKER_SECONDS_MAX)
        found: dict[str, int] = {}
        try:
            async with asyncio.timeout(BROKER_SECONDS_MAX):
                channel = await link.channel(confirms=False)
                for queue in dict.fromkeys(self._queues):
                    declared = await channel.queue_declare(f"{queue}.dead", passive=True)
                    found[queue] = declared.message_count or 0
        except BrokerError as error:
            log.warning("operations.broker_not_asked", error=type(error).__name__)
            return None
        finally:
            await link.drop()
        return {queue: number for queue, number in found.items() if number}

    def router(self) -> APIRouter:
        """Return the route that other services' pages read with the browser's own session."""
        routes = APIRouter(dependencies=[Depends(require_staff)], include_in_schema=False)

        @routes.get(f"/api/{self._service}/operations")
        async def show_standing() -> Standing:
            """How this service stands now."""
            return await self.standing()

        return routes


async def _late(tx: Tx, work: DueWork) -> int:
    due_at = work.table.c.due_at
    counted = select(func.count()).select_from(work.table).where(due_at <= now() - LATE)
    return int(await tx.value(counted) or 0)
