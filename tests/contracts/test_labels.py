"""What people read for a value of the code stands in modules of labels, where whoever writes it finds all of it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from deploy.native.site import REPOSITORY

JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
UNTOLD = {"simulator", "migrations"}
TABLES = {"Labels", "Badges", "Complete"}


def modules() -> list[Path]:
    """Return the modules of the services that hold no labels; simulators and migrations say nothing of the product."""
    found = (path for path in REPOSITORY.glob("services/*/src/**/*.py") if not UNTOLD & set(path.parts))
    return [path for path in found if not re.fullmatch(r"(\w+_)?labels\.py", path.name)]


def tables_in(path: Path) -> Iterator[int]:
    """Yield the lines of a module where values of the code get labels: a table of labels, or a dict by itself."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) in TABLES and _is_japanese(node):
            yield node.lineno
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict):
            values = node.value.values
            if values and all(isinstance(one, ast.Constant) and _is_japanese(one) for one in values):
                yield node.lineno


def _name(called: ast.expr) -> str:
    inner = called.value if isinstance(called, ast.Subscript) else called
    return inner.id if isinstance(inner, ast.Name) else ""


def _is_japanese(node: ast.AST) -> bool:
    texts = (one.value for one in ast.walk(node) if isinstance(one, ast.Constant))
    return any(isinstance(text, str) and JAPANESE.search(text) for text in texts)


def test_labels_stand_in_modules_of_labels() -> None:
    found = [f"{path.relative_to(REPOSITORY)}:{line}" for path in modules() for line in tables_in(path)]
    assert found == []


def test_a_table_of_labels_elsewhere_is_found(tmp_path: Path) -> None:
    module = tmp_path / "desk.py"
    module.write_text(
        'STATES = Badges[State](State, {"open": ("処理中", "wait")})\nPLAIN: dict[str, str] = {"a": "値引き"}\n'
        'TABS = Labels[Tab](Tab, {"ship": "unshipped"})\nMIXED = {"a": "値引き", "b": 1}\n'
    )
    assert sorted(tables_in(module)) == [1, 2]
