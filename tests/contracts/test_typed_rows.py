"""What a module reads from the database leaves it as a dataclass or a plain value, never as a row or as anything at all."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.native.site import REPOSITORY

READS = {"rows", "row", "read", "read_one", "rows_at_last", "value", "look", "stream"}
READERS = {"tx", "db", "_db"}
UNTYPED = {"Row", "Any"}


def reads_the_database(module: ast.Module) -> bool:
    """Tell whether a module asks the database itself."""
    return any(
        isinstance(node, ast.Attribute)
        and node.attr in READS
        and (
            (isinstance(node.value, ast.Name) and node.value.id in READERS)
            or (isinstance(node.value, ast.Attribute) and node.value.attr in READERS)
        )
        for node in ast.walk(module)
    )


def untyped_ways_out(source: str) -> list[str]:
    """Return the public functions, methods and fields of a reading module that are declared as rows or as Any."""
    module = ast.parse(source)
    if not reads_the_database(module):
        return []
    return [
        name
        for name, annotation in ways_out(module)
        if any(isinstance(node, ast.Name) and node.id in UNTYPED for node in ast.walk(annotation))
    ]


def ways_out(node: ast.Module | ast.ClassDef, prefix: str = "") -> Iterator[tuple[str, ast.expr]]:
    """Yield what is public in a module, and how its values are declared."""
    for inner in node.body:
        if isinstance(inner, ast.ClassDef) and not inner.name.startswith("_"):
            yield from ways_out(inner, f"{inner.name}.")
        elif isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
            if inner.returns is not None and not inner.name.startswith("_"):
                yield prefix + inner.name, inner.returns
        elif isinstance(inner, ast.AnnAssign) and isinstance(inner.target, ast.Name):
            yield prefix + inner.target.id, inner.annotation


@pytest.mark.parametrize("service", ["checkout", "payments", "members", "notifications"])
def test_what_is_read_from_the_database_is_typed(service: str) -> None:
    root = REPOSITORY / f"services/{service}/src"
    modules = [file for file in sorted(root.rglob("*.py")) if "migrations" not in file.parts]
    assert any(reads_the_database(ast.parse(file.read_text("utf-8"))) for file in modules)
    found = {
        str(Path(file).relative_to(root)): names
        for file in modules
        if (names := untyped_ways_out(file.read_text("utf-8")))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("declared", "found"),
    [
        ("Sequence[Row]", ["find"]),
        ("dict[str, Any]", ["find"]),
        ("Row | None", ["find"]),
        ("list[Order]", []),
        ("Mapping[str, object]", []),
    ],
)
def test_a_question_that_returns_rows_is_found(declared: str, found: list[str]) -> None:
    asks = f'async def find(tx: Tx) -> {declared}:\n    return await tx.rows("SELECT 1")\n'
    assert untyped_ways_out(asks) == found
    assert untyped_ways_out(f"def find(order: Order) -> {declared}: ...\n") == []
    assert untyped_ways_out(f"class Found:\n    one: {declared}\n{asks}") == [
        *("Found.one" for _ in found),
        *found,
    ]
