"""SQL: statements in the form that asyncpg takes, and the rows that it returns.

SQLAlchemy compiles statements and declares tables; asyncpg runs them. SQLAlchemy's engine would cost more than both
together (docs/speed.md).
"""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, Protocol

import asyncpg
import orjson
from sqlalchemy import text
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.engine import Dialect
from sqlalchemy.engine.interfaces import Compiled
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler

_DIALECT: Dialect = asyncpg_dialect()  # type: ignore[no-untyped-call]
STATEMENTS_CACHED_MAX = 512


class Row(asyncpg.Record):  # type: ignore[misc]  # asyncpg tells no types
    """One row: ``row.total``, ``row["total"]`` and ``row[0]`` are the same."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        """Return the column called ``name``."""
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


def columns_of(kind: type[Any], alias: str = "") -> str:
    """Return the column names of the dataclass ``kind``, for SELECT or RETURNING.

    A statement names its columns: ``*`` would also return those that a later release has added.
    """
    before = f"{alias}." if alias else ""
    return ", ".join(before + field.name for field in fields(kind))


class Connection(Protocol):
    """The part of an asyncpg connection that a transaction uses."""

    async def execute(self, query: str, *args: Any) -> str:
        """Run a statement; return its command tag."""

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        """Return all rows."""

    def transaction(self) -> AbstractAsyncContextManager[Any]:
        """Begin a transaction, or a savepoint inside one. The end of the block commits it, an error rolls it back."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A statement in PostgreSQL's form, with ``$1`` for values, and the names of the values in order."""

    sql: str
    names: tuple[str, ...]

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """Return ``values`` in order. Raises KeyError for one that is missing."""
        return [values[name] for name in self.names]


@lru_cache(maxsize=STATEMENTS_CACHED_MAX)
def ready_text(sql: str) -> Ready:
    """Prepare SQL that uses ``:name`` for values."""
    return _ready(text(sql).compile(dialect=_DIALECT))


def _ready(compiled: Compiled) -> Ready:
    names = compiled.positiontup if isinstance(compiled, SQLCompiler) else None
    return Ready(str(compiled), tuple(names or ()))


def ready(statement: str | ClauseElement, values: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """Return ``statement`` and its values as asyncpg takes them.

    A statement built with SQLAlchemy already contains its values. Building one costs more than running it, so hot paths
    write SQL.
    """
    if isinstance(statement, str):
        known = ready_text(statement)
        return known.sql, known.arguments(values)
    compiled = statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    known = _ready(compiled)
    return known.sql, known.arguments({**compiled.params, **values})


async def teach_json(connection: "asyncpg.Connection[Any]") -> None:
    """Let ``connection`` decode JSON columns to Python values. Values to be written are already JSON text."""
    for kind in ("json", "jsonb"):
        await connection.set_type_codec(
            kind, schema="pg_catalog", encoder=str, decoder=orjson.loads, format="text"
        )
