"""A database whose sessions end: the trouble is known as its own, and the next session is a good one."""

from dataclasses import dataclass

import asyncpg
import pytest
from sqlalchemy import MetaData

from harness.postgres import MakeDatabase
from shared.database.transient import is_transient

metadata = MetaData()


async def test_a_session_ended_by_the_server_is_database_trouble(
    make_db: MakeDatabase,
) -> None:
    db = await make_db("sessions", metadata, connections_max=1)
    operator = await asyncpg.connect(db.dsn)
    strange, lost = [], 0
    for _ in range(40):
        [own] = await db.look("SELECT pg_backend_pid() AS pid")
        await operator.execute(f"SELECT pg_terminate_backend({own.pid})")
        try:
            async with db.transaction() as tx:
                await tx.execute("SELECT 1")
        except Exception as error:
            lost += 1
            if not is_transient(error):
                strange.append(error)
            async with db.transaction() as tx:
                assert await tx.value("SELECT 1") == 1
    await operator.close()
    assert strange == []
    assert lost


@dataclass(frozen=True, slots=True)
class Parcel:
    """What the questions below ask for."""

    number: str
    pieces: int


async def test_rows_are_read_as_what_they_are(make_db: MakeDatabase) -> None:
    db = await make_db("typed_rows", metadata, connections_max=1)
    async with db.transaction() as tx:
        asked = "SELECT 'P1' AS number, 2 AS pieces UNION ALL SELECT 'P2', 1 ORDER BY number"
        assert await tx.read(Parcel, asked) == [Parcel("P1", 2), Parcel("P2", 1)]
        assert await tx.read_one(Parcel, asked) == Parcel("P1", 2)
        assert await tx.read_one(Parcel, "SELECT 'P1' AS number, 2 AS pieces WHERE false") is None


@pytest.mark.parametrize("columns", ["'P1' AS number", "'P1' AS number, 2 AS pieces, 3 AS weight"])
async def test_a_row_with_other_columns_is_refused(make_db: MakeDatabase, columns: str) -> None:
    db = await make_db("typed_rows", metadata, connections_max=1)
    async with db.transaction() as tx:
        with pytest.raises(TypeError):
            await tx.read(Parcel, f"SELECT {columns}")
