"""Tracebacks in logs name what broke, never the values of the row that broke it."""

import io
import logging
from collections.abc import Iterator

import pytest
import structlog
from sqlalchemy import CheckConstraint, Column, MetaData, Table, Text

from harness.postgres import MakeDatabase
from shared.database.transactions import Database
from shared.process.logs import set_up_logs
from shared.process.settings import ServiceSettings

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
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    set_up_logs("checkout", ServiceSettings.model_construct(log_format=request.param, log_level="INFO"))
    [handler] = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    said = io.StringIO()
    handler.setStream(said)
    yield said
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


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
