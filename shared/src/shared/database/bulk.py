"""Bulk changes: one statement changes many rows, and costs little more than a change of one row.

Rows are mappings, or instances of a dataclass whose fields are named like columns. They are sent as one JSON document,
and PostgreSQL converts it to the types of the table. One statement for each table and set of columns therefore serves
any number of rows. JSON null becomes SQL NULL, in JSON columns too.

Changes that return nothing are deferred (:meth:`shared.database.transactions.Tx.defer`). One statement sends them
together: before the next statement of the transaction, or with its commit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
from sqlalchemy import Table

from shared.database.sql import Row

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from shared.database.transactions import Tx

    Values = Mapping[str, Any] | DataclassInstance


@dataclass(frozen=True, slots=True)
class Change:
    """A deferred statement on one table; ``:rows`` in it is the JSON document of its rows."""

    table: Table
    sql: str
    document: str


@lru_cache(maxsize=512)
def one_statement(parts: tuple[str, ...], last: str = "") -> str:
    """Join the statements of several changes, then ``last``. The rows of each change are ``:rows_<number>``.

    All changes see the same rows. No change sees the effect of another. Foreign keys may point to rows of another
    change (PostgreSQL manual, 7.8.4, "Data-Modifying Statements in WITH").
    """
    numbered = [sql.replace(":rows", f":rows_{number}") for number, sql in enumerate(parts)]
    *before, end = [*numbered, last.strip()] if last else numbered
    if not before:
        return end
    steps = ", ".join(f"change_{number} AS ({sql})" for number, sql in enumerate(before))
    # If a statement itself begins with WITH, its list of queries follows ours.
    return f"WITH {steps}, {end[5:]}" if end.startswith("WITH ") else f"WITH {steps} {end}"


async def insert_all(
    tx: "Tx",
    table: Table,
    rows: Sequence["Values"],
    *,
    skip_known: bool | str = False,
    unless: str = "",
    returning: str = "",
) -> Sequence[Row]:
    """Insert ``rows``, which all have the same columns; return the columns in ``returning`` of the stored rows.

    ``skip_known`` leaves out rows that break a unique constraint, or only the constraint on the column that it names.
    ``unless`` is a condition in SQL that leaves out a row ``new`` if a stored row ``known`` meets it.
    Without it a broken constraint raises IntegrityConstraintViolationError, and nothing is stored. With ``returning``
    this function raises the error; otherwise the statement that sends the deferred rows does. Columns that are not
    named get their default.
    """
    if not rows:
        return ()
    statement = _insert(table, _columns(rows[0]), skip_known, returning, unless)
    if returning:
        return await tx.rows(statement, rows=_document(rows))
    await tx.defer(Change(table, statement, _document(rows)))
    return ()


async def update_all(tx: "Tx", table: Table, rows: Sequence["Values"], *, key: str, where: str = "") -> None:
    """Set the columns of ``rows`` where the column ``key`` matches.

    ``where`` is a further condition in SQL. ``old`` is the stored row, ``new`` the given one.
    """
    if not rows:
        return
    statement = _update(table, _columns(rows[0]), key, where)
    await tx.defer(Change(table, statement, _document(rows)))


async def upsert_all(tx: "Tx", table: Table, rows: Sequence["Values"], *, key: str) -> None:
    """Insert ``rows``, which all name the same columns. Update a row whose unique ``key`` is stored already.

    No key may occur twice.
    """
    if not rows:
        return
    columns = _columns(rows[0])
    changes = ", ".join(f'"{name}" = excluded."{name}"' for name in columns if name != key)
    statement = f'{_insert(table, columns, False, "")} ON CONFLICT ("{key}") DO UPDATE SET {changes}'
    await tx.defer(Change(table, statement, _document(rows)))


def _columns(row: "Values") -> tuple[str, ...]:
    return tuple(row) if isinstance(row, Mapping) else tuple(field.name for field in fields(row))


def _document(rows: Sequence["Values"]) -> str:
    return orjson.dumps(rows, default=_plain, option=orjson.OPT_NON_STR_KEYS).decode()


def _plain(value: Any) -> Any:
    """Return the JSON form of a value that orjson does not know."""
    match value:
        case Mapping():
            return dict(value)
        case UUID():  # asyncpg's own kind of it
            return str(value)
    raise TypeError(f"{type(value).__name__} cannot be stored")


@lru_cache(maxsize=256)
def _insert(
    table: Table, columns: tuple[str, ...], skip_known: bool | str, returning: str, unless: str = ""
) -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    target = f' ("{skip_known}")' if isinstance(skip_known, str) else ""
    known = f"SELECT 1 FROM {table.name} AS known WHERE {unless}"  # noqa: S608 - names of our own tables
    return (
        f"INSERT INTO {table.name} ({names}) SELECT {names}"  # noqa: S608 - names of our own tables
        f" FROM json_populate_recordset(CAST(NULL AS {table.name}), CAST(:rows AS json)) AS new"
        + (f" WHERE NOT EXISTS ({known})" if unless else "")
        + (f" ON CONFLICT{target} DO NOTHING" if skip_known else "")
        + (f" RETURNING {returning}" if returning else "")
    )


@lru_cache(maxsize=256)
def _update(table: Table, columns: tuple[str, ...], key: str, where: str) -> str:
    changes = ", ".join(f'"{name}" = new."{name}"' for name in columns if name != key)
    # An array of keys finds the rows. A plan that was made while the table was small would scan the whole table for the
    # join alone.
    keys = f'SELECT "{key}" FROM new'  # noqa: S608 - names of our own tables
    found = f'old."{key}" = ANY(ARRAY({keys})) AND old."{key}" = new."{key}"'
    return (
        f"WITH new AS MATERIALIZED (SELECT * FROM"  # noqa: S608 - names of our own tables
        f" json_populate_recordset(CAST(NULL AS {table.name}), CAST(:rows AS json)))"
        f" UPDATE {table.name} AS old SET {changes} FROM new WHERE {found}"
        + (f" AND {where}" if where else "")
    )
