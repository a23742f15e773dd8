"""The databases of the services, through sessions that may only read."""

import asyncio
import json
from typing import Any

import asyncpg


class Rows:
    """One service's database, through a session that may only read. Opens itself anew after a restart."""

    def __init__(self, url: str) -> None:
        self._url = url.replace("+asyncpg", "")
        self._connection: asyncpg.Connection | None = None
        self._turn = asyncio.Lock()

    async def all(self, statement: str, *values: Any) -> list[Any]:
        """Return the rows of ``statement`` (PostgreSQL's own ``$1`` for values). Raises what asyncpg raises."""
        async with self._turn:
            connection = await self._open()
            try:
                return list(await connection.fetch(statement, *values))
            except asyncpg.InternalClientError as error:
                # What is left of a connection that broke while it was used; the next question opens another.
                connection.terminate()
                raise ConnectionError(str(error)) from error

    async def _open(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(
                self._url,
                timeout=10,
                server_settings={"default_transaction_read_only": "on", "application_name": "noren-proof"},
            )
            await read_json(self._connection)
        return self._connection

    async def value(self, statement: str, *values: Any) -> Any:
        """Return the first column of the first row."""
        rows = await self.all(statement, *values)
        return rows[0][0] if rows else None

    async def close(self) -> None:
        """End the session."""
        if self._connection is not None:
            await self._connection.close(timeout=2)


async def read_json(connection: asyncpg.Connection) -> None:
    """Let a connection return JSON columns as Python values."""
    for kind in ("json", "jsonb"):
        await connection.set_type_codec(kind, encoder=json.dumps, decoder=json.loads, schema="pg_catalog")
