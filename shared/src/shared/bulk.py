"""Many rows in one statement: what one row costs, a hundred cost hardly more.

Rows travel as one JSON document and PostgreSQL turns it into the table's own types, so one statement per table
and set of columns serves any number of rows. JSON null becomes SQL NULL, in JSON columns too.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
from sqlalchemy import Table

from shared.sql import Row

if TYPE_CHECKING:
    from shared.database import Tx

Values = Mapping[str, Any]


async def insert_all(
    tx: "Tx", table: Table, rows: Sequence[Values], *, skip_known: bool | str = False, returning: str = ""
) -> Sequence[Row]:
    """Insert ``rows``, which all name the same columns; return the columns in ``returning`` of those stored.

    ``skip_known`` leaves out rows that break a unique constraint, or only that on the column it names;
    otherwise IntegrityConstraintViolationError, and nothing is stored. Columns that are not named get their default.
    """
    if not rows:
        return ()
    statement = _insert(table, tuple(rows[0]), skip_known, returning)
    if returning:
        return await tx.rows(statement, rows=_document(rows))
    await tx.execute(statement, rows=_document(rows))
    return ()


async def update_all(
    tx: "Tx", table: Table, rows: Sequence[Values], *, key: Sequence[str], where: str = ""
) -> int:
    """Set the columns of ``rows`` where ``key`` matches; return how many rows there were to change.

    ``where`` is a further condition in SQL: ``old`` is the row as it is stored, ``new`` as it is given.
    """
    if not rows:
        return 0
    statement = _update(table, tuple(rows[0]), tuple(key), where)
    return await tx.execute(statement, rows=_document(rows))


def _document(rows: Sequence[Values]) -> str:
    return orjson.dumps(rows, default=_plain, option=orjson.OPT_NON_STR_KEYS).decode()


def _plain(value: Any) -> Any:
    """Return what JSON has for a value that orjson does not know."""
    match value:
        case Mapping():
            return dict(value)
        case UUID():  # asyncpg's own kind of it
            return str(value)
    raise TypeError(f"{type(value).__name__} cannot be stored")


@lru_cache(maxsize=256)
def _insert(table: Table, columns: tuple[str, ...], skip_known: bool | str, returning: str) -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    target = f' ("{skip_known}")' if isinstance(skip_known, str) else ""
    return (
        f"INSERT INTO {table.name} ({names}) SELECT {names}"  # noqa: S608 - names of our own tables
        f" FROM json_populate_recordset(CAST(NULL AS {table.name}), CAST(:rows AS json))"
        + (f" ON CONFLICT{target} DO NOTHING" if skip_known else "")
        + (f" RETURNING {returning}" if returning else "")
    )


@lru_cache(maxsize=256)
def _update(table: Table, columns: tuple[str, ...], key: tuple[str, ...], where: str) -> str:
    changes = ", ".join(f'"{name}" = new."{name}"' for name in columns if name not in key)
    found = " AND ".join([f'old."{name}" = new."{name}"' for name in key] + ([where] if where else []))
    return (
        f"UPDATE {table.name} AS old SET {changes}"  # noqa: S608 - names of our own tables
        f" FROM json_populate_recordset(CAST(NULL AS {table.name}), CAST(:rows AS json)) AS new WHERE {found}"
    )
