"""Tracebacks in logs name what broke, never the values of the row that broke it."""

import io
import logging
from collections.abc import Iterator

import pytest
import structlog
from asyncpg import UniqueViolationError
from sqlalchemy import CheckConstraint, Column, MetaData, Table, Text

from harness.postgres import MakeDatabase
from harness.service_logs import service_logs
from shared.database.transactions import Database

metadata = MetaData()
buyers = Table(
    "buyers",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name", Text, nullable=False),
    CheckConstraint("code <> 'refused'", name="buyers_code_taken"),
)

SECRET = "山田花子"
BROKEN = {
    "check": "INSERT INTO buyers VALUES ('refused', :name)",
    "unique": "INSERT INTO buyers VALUES (:name, :name), (:name, :name)",
    "not_null": "INSERT INTO buyers VALUES (:name, NULL)",
    "value": "SELECT CAST(CAST(:name AS text) AS uuid)",
}


@pytest.fixture(params=["json", "console"])
def lines(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """What the standard library's loggers say in a service; logs are as they were afterwards."""
    with service_logs(request.param) as handler:
        assert isinstance(handler, logging.StreamHandler)
        said = io.StringIO()
        handler.setStream(said)
        yield said


async def broken(db: Database, statement: str) -> Exception:
    try:
        async with db.transaction() as tx:
            try:
                await tx.execute(statement, name=SECRET)
            except Exception as error:
                raise ExceptionGroup("several", [RuntimeError("not done")]) from error
    except Exception as error:
        return error
    raise AssertionError("the statement broke nothing")


@pytest.mark.parametrize("kind", BROKEN)
async def test_logs_hold_no_row_of_a_failed_statement(
    make_db: MakeDatabase, capsys: pytest.CaptureFixture[str], lines: io.StringIO, kind: str
) -> None:
    db = await make_db("tracebacks", metadata, connections_max=1)
    structlog.get_logger().error("message.failed", exc_info=await broken(db, BROKEN[kind]))
    logging.getLogger("asyncio").error("never retrieved", exc_info=await broken(db, BROKEN[kind]))
    printed = capsys.readouterr().out + lines.getvalue()
    assert printed.count("ExceptionGroup: several") == 2
    assert SECRET not in printed
    assert SECRET.encode("unicode_escape").decode() not in printed


@pytest.mark.usefixtures("lines")
async def test_logs_name_table_and_constraint_of_a_failure(
    make_db: MakeDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    db = await make_db("tracebacks", metadata, connections_max=1)
    structlog.get_logger().error("message.failed", exc_info=await broken(db, BROKEN["check"]))
    assert "CheckViolationError" in (printed := capsys.readouterr().out)
    assert "table buyers, constraint buyers_code_taken" in printed


@pytest.mark.usefixtures("lines")
async def test_logging_an_error_leaves_it_as_it_was(make_db: MakeDatabase) -> None:
    db = await make_db("tracebacks", metadata, connections_max=1)
    async with db.transaction() as tx:
        with pytest.raises(UniqueViolationError) as told:
            await tx.execute(BROKEN["unique"], name=SECRET)
    error = told.value
    before = str(error), error.args, error.detail
    structlog.get_logger().error("message.failed", exc_info=error)
    logging.getLogger("asyncio").error("never retrieved", exc_info=error)
    assert (str(error), error.args, error.detail) == before
    assert SECRET in before[0]
    assert not getattr(error, "__notes__", [])
