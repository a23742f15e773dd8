"""Due work that reads the menu of payment methods from payments. One worker reads it for all pages.

Pages and orders use the stored menu, so that neither waits for payments.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from checkout.payment_menu.rows import keep_menu
from checkout.payment_menu.rules import Method
from checkout.payment_menu.tables import method_menu
from shared.clock import now
from shared.database.transactions import Database
from shared.due.rows import strike_off
from shared.due.work import DueWork

log = structlog.get_logger()


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore")

    methods: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class DueMenu:
    """The claimed row of the menu."""

    menu_id: int
    lease: UUID


class ReadMenu:
    """Due work on the one row of ``method_menu``."""

    def __init__(self, db: Database, client: httpx.AsyncClient, *, every: timedelta) -> None:
        self._db = db
        self._client = client
        self._every = every

    def due_work(self) -> DueWork:
        """Return this as due work."""
        return DueWork("read_menu", method_menu, self.perform, concurrency=1, kind=DueMenu)

    async def perform(self, menu: DueMenu) -> None:
        """Read the menu from payments and store it. If payments does not respond, the last menu remains."""
        methods = await self._ask()
        async with self._db.transaction() as tx:
            mine = await strike_off(tx, method_menu, menu.menu_id, menu.lease, due_at=now() + self._every)
            if mine and methods is not None:
                await keep_menu(tx, methods, at=now())

    async def _ask(self) -> list[Method] | None:
        try:
            response = await self._client.get("/api/payments/methods")
            response.raise_for_status()
            answer = _Answer.model_validate_json(response.content)
        except (httpx.HTTPError, ValidationError) as error:
            log.warning("menu.not_read", error=type(error).__name__)
            return None
        return [method for entry in answer.methods if (method := _method(entry)) is not None]


def _method(entry: dict[str, Any]) -> Method | None:
    """Return a method of the menu. An invalid entry is left out; the other methods are still offered."""
    try:
        return Method.model_validate(entry)
    except ValidationError as error:
        log.warning("menu.entry_left_out", kind=str(entry.get("kind")), problems=error.error_count())
        return None
