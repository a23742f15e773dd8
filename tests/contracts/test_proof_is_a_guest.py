"""Proof and benchmark look at the product from outside: nothing that they look at, and no other test, needs them."""

import ast
from pathlib import Path

import pytest

from deploy.native.site import REPOSITORY

GUESTS = ("proof", "bench", "tests/proof", "tests/journeys", "tests/bench")
FOLDERS = ("shared", "services", "deploy", "tools", "tests")


def imports_proof(source: str) -> bool:
    """Tell whether a module imports ``proof`` or ``bench``, at its head or anywhere."""
    names = [
        name
        for node in ast.walk(ast.parse(source))
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else []
        )
    ]
    return any(name.partition(".")[0] in {"proof", "bench"} for name in names)


@pytest.mark.parametrize("folder", FOLDERS)
def test_nobody_but_its_guests_imports_proof(folder: str) -> None:
    files = {file.relative_to(REPOSITORY).as_posix(): file for file in (REPOSITORY / folder).rglob("*.py")}
    found = [
        name
        for name, file in files.items()
        if not name.startswith(tuple(f"{guest}/" for guest in GUESTS))
        and imports_proof(Path(file).read_text(encoding="utf-8"))
    ]
    assert found == []


def test_an_import_is_seen_wherever_it_stands() -> None:
    assert imports_proof("def late():\n    from proof.load import Load\n")
    assert imports_proof("import bench.load as load\n")
    assert not imports_proof("from prooftools import x\n")
