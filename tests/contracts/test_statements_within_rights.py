"""Every statement in the source that writes or locks rows is one that the run role may send, column by column.

PostgreSQL itself says so: EXPLAIN looks at the rights of a statement and runs nothing.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Table, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from deploy.native.site import REPOSITORY, SERVICES
from harness.postgres import TestPostgres
from shared.database.bulk import _insert, _update
from shared.database.migrations import ADDED_TO, DUE, SWEPT, changed_in, grant_run_role, module_of, rights_of
from shared.database.sql import ready_text

WRITES = re.compile(
    r"\b(INSERT INTO|UPDATE \S+( AS)?( \w+)? SET|DELETE FROM|FOR (NO KEY )?UPDATE|FOR SHARE)\b"
)
SETS = re.compile(r"(?:\bSET|,) (\w+) = ")
# What only the owner of the tables sends, from the command line (members.staff, payments.payment.erase_snapshots).
OF_THE_OWNER = (
    "INSERT INTO staff ",
    "SELECT role FROM staff WHERE member_id = :member_id FOR UPDATE",
    "DELETE FROM staff ",
    "DELETE FROM order_snapshots ",
)
# Writes to whatever table it is given; those who give it one are looked at instead.
WRITES_ANY_TABLE = "shared.database.bulk"


def modules_of(package: str) -> Iterator[tuple[str, ast.Module]]:
    """Name and content of every module of a service, or of what they share, but for the migrations."""
    root = REPOSITORY / ("shared" if package == "shared" else f"services/{package}") / "src"
    for file in sorted((root / package).rglob("*.py")):
        parts = file.relative_to(root).with_suffix("").parts
        if "migrations" not in parts and file.name != "__main__.py":
            yield ".".join(parts).removesuffix(".__init__"), ast.parse(file.read_text())


def statements_in(name: str, node: ast.AST, known: Mapping[str, Any]) -> Iterator[str]:
    """Each piece of SQL under ``node`` that writes, put together from constants. LookupError if one cannot be."""
    if not isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp):
        for child in ast.iter_child_nodes(node):
            yield from statements_in(name, child, known)
        return
    words = "?".join(str(one.value) for one in ast.walk(node) if isinstance(one, ast.Constant))
    if not WRITES.search(words):
        return
    try:
        value = eval(compile(ast.Expression(node), name, "eval"), dict(known))  # noqa: S307
    except NameError as error:
        # Due work of any table; what that needs is asked for each table that has it.
        if "INSERT" in words or "DELETE" in words or not set(SETS.findall(words)) <= set(DUE):
            raise LookupError(f"{name}: what this writes cannot be seen: {words}") from error
        return
    if value.startswith(OF_THE_OWNER):
        return
    if value.lstrip().startswith(("WITH", "SELECT", "INSERT", "UPDATE", "DELETE")):
        yield value


def many_rows_in(tree: ast.Module, tables: Mapping[str, Table], rights: Mapping[str, str]) -> Iterator[str]:
    """What ``insert_all`` and ``update_all`` send; where single columns may change, those of the rows beside."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.AsyncFunctionDef):
            continue
        columns = [
            tuple(str(key.value) for key in rows.keys if isinstance(key, ast.Constant))
            for rows in ast.walk(function)
            if isinstance(rows, ast.Dict)
        ]
        for call in ast.walk(function):
            match call:
                case ast.Call(func=ast.Name(id="insert_all"), args=[_, ast.Name(id=table), *_]) if (
                    table in tables
                ):
                    given = tuple(one.name for one in tables[table].columns if one.identity is None)
                    yield _insert(tables[table], given, True, "")
                case ast.Call(func=ast.Name(id="update_all"), args=[_, ast.Name(id=table), *_]):
                    [key] = [one.value.value for one in call.keywords if one.arg == "key"]  # type: ignore[attr-defined]
                    changed = [one for one in columns if key in one and len(one) > 1]
                    if "UPDATE" not in rights[table].split(", "):
                        assert changed, (
                            f"{function.name}: which columns of {table} change is not said beside it"
                        )
                    every = tuple(column.name for column in tables[table].columns)
                    for one in changed or [every]:
                        yield _update(tables[table], one, key, "")


@cache
def statements_of(service: str) -> dict[str, str]:
    """Every statement that ``service`` may send and that writes or locks rows -> the module it stands in."""
    tables = {table.name: table for table in module_of(service, "tables").metadata.sorted_tables}
    found: dict[str, str] = {}
    for package in ("shared", service):
        for name, tree in modules_of(package):
            if name == WRITES_ANY_TABLE:
                continue
            known = vars(import_module(name))
            found |= dict.fromkeys(statements_in(name, tree, known), name)
            found |= dict.fromkeys(many_rows_in(tree, tables, rights_of(service)), name)
    for table in tables.values():
        if columns := [name for name in DUE if name in table.columns]:
            changes = ", ".join(f"{name} = {name}" for name in columns)
            found[f"UPDATE {table.name} SET {changes}"] = "shared.due.rows"
    return found


async def refused(postgres: TestPostgres, service: str, rights: Mapping[str, str]) -> dict[str, str]:
    """The statements of ``service`` that a role with ``rights`` may not send -> why not."""
    metadata = module_of(service, "tables").metadata
    url = await postgres.create_database(service, metadata)
    engine = create_async_engine(url, poolclass=NullPool)
    role = f"{service}_checked"
    async with engine.begin() as connection:
        await connection.execute(text(f'DROP ROLE IF EXISTS "{role}"'))
        await connection.execute(text(f'CREATE ROLE "{role}"'))
        await connection.run_sync(grant_run_role, role, metadata, rights)
    await engine.dispose()
    asked = await asyncpg.connect(url.render_as_string(hide_password=False).replace("+asyncpg", ""))
    try:
        await asked.execute(f'SET ROLE "{role}"')
        answers = {sql: await _refusal(asked, sql) for sql in statements_of(service)}
        await asked.execute(f'RESET ROLE; DROP OWNED BY "{role}"; DROP ROLE "{role}"')
    finally:
        await asked.close()
        await postgres.drop_database(url)
    return {sql: why for sql, why in answers.items() if why}


async def _refusal(asked: Any, sql: str) -> str:
    try:
        prepared = await asked.prepare(ready_text(sql).sql)
    except asyncpg.UndefinedTableError as error:
        # Members ends the sessions itself, and checkout says who the shop is: they hear of neither.
        assert any(table in str(error) for table in ("revoked_sessions", "shop_identity")), error
        return ""
    values = ", ".join(["NULL"] * len(prepared.get_parameters()))
    await asked.execute(f"PREPARE looked_at AS {ready_text(sql).sql}")
    try:
        await asked.execute(f"EXPLAIN EXECUTE looked_at{f'({values})' if values else ''}")
    except asyncpg.InsufficientPrivilegeError as error:
        return str(error)
    finally:
        await asked.execute("DEALLOCATE looked_at")
    return ""


@pytest.mark.parametrize("service", SERVICES)
async def test_the_run_role_may_send_every_statement_of_its_service(
    postgres: TestPostgres, service: str
) -> None:
    assert len(statements_of(service)) > 10
    assert await refused(postgres, service, rights_of(service)) == {}


@pytest.mark.parametrize(
    ("service", "table", "rights"),
    [
        ("notifications", "contacts", ADDED_TO),
        ("payments", "notices", changed_in("state", "payment_id", *DUE)),
        ("payments", "notices", changed_in("seen_by", "payment_id", *DUE)),
        ("payments", "payments", ADDED_TO),
        ("members", "login_attempts", ADDED_TO),
        ("checkout", "outbox", SWEPT),
    ],
)
async def test_a_right_that_is_missing_is_noticed(
    postgres: TestPostgres, service: str, table: str, rights: str
) -> None:
    found = await refused(postgres, service, {**rights_of(service), table: rights})

    assert set(found.values()) == {f"permission denied for table {table}"}
