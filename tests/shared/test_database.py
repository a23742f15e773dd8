"""A database whose sessions end: the trouble is known as its own, and the next session is a good one."""

import asyncpg
from sqlalchemy import MetaData

from harness.postgres import MakeDatabase
from shared.database import is_transient

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
