"""The identity of the shop as a process knows it: read again every two seconds, so a change needs no restart."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog

from shared.database.transactions import Database, Tx
from shared.database.transient import is_transient
from shared.shop.identity.facts import ShopIdentity

FRESH_SECONDS = 2.0
READ_SECONDS_MAX = 1.0
log = structlog.get_logger()


@dataclass(frozen=True)
class StoredIdentity:
    """Where a service keeps the identity: ``sql`` returns one value or nothing, ``facts`` makes the facts of it."""

    sql: str
    facts: Callable[[Any], dict[str, Any]]


HEARD = StoredIdentity("SELECT facts FROM shop_identity WHERE shop_id = 1", dict)
"""As services other than checkout keep it."""


class KnownShop:
    """The identity of the shop for pages and mails of one process.

    ``fallback`` is shown until an identity is stored. Without a database it is all that is known.
    """

    def __init__(
        self,
        fallback: ShopIdentity,
        *,
        db: Database | None = None,
        stored: StoredIdentity = HEARD,
        fresh_seconds: float = FRESH_SECONDS,
    ) -> None:
        self.identity = fallback
        self.fallback = fallback
        self._db = db
        self._stored = stored
        self._fresh_seconds = fresh_seconds
        self._fresh_until = 0.0
        self._turn = asyncio.Lock()

    async def refresh(self) -> None:
        """Read the identity again if it is older than two seconds. While the database is away, the last one stays."""
        if self._db is None or self._is_fresh():
            return
        async with self._turn:
            if self._is_fresh():
                return
            try:
                async with asyncio.timeout(READ_SECONDS_MAX):
                    self._take(await self._db.look(self._stored.sql))
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("shop.identity_not_read", error=type(error).__name__)
                self._fresh_until = _time() + self._fresh_seconds

    async def refresh_in(self, tx: Tx) -> None:
        """Do the same in the caller's transaction."""
        if self._db is not None and not self._is_fresh():
            self._take(await tx.rows(self._stored.sql))

    def _is_fresh(self) -> bool:
        return _time() < self._fresh_until

    def _take(self, rows: Any) -> None:
        value = rows[0][0] if rows else None
        self.identity = (
            self.fallback
            if value is None
            else ShopIdentity.of(self._stored.facts(value), fallback=self.fallback)
        )
        self._fresh_until = _time() + self._fresh_seconds


def _time() -> float:
    return asyncio.get_running_loop().time()
