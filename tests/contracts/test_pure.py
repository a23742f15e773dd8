"""What calls itself pure does no I/O and reads no clock: its result follows from its parameters alone."""

import ast
import tomllib
from pathlib import Path

from deploy.native.site import REPOSITORY
from tests.contracts.test_docstrings import packages

IMPURE = {"now", "elapsed", "uuid4", "random", "uniform"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def impure(source: str, *, whole: bool = False) -> list[str]:
    """Return the functions that say "Pure." and are not. ``whole``, or the word in the head, is about the module."""
    tree = ast.parse(source)
    whole = whole or _says_so(tree)
    functions = [node for node in ast.walk(tree) if isinstance(node, Function)]
    return [one.name for one in functions if (whole or _says_so(one)) and _is_impure(one)]


def _says_so(node: ast.Module | Function) -> bool:
    return "Pure." in (ast.get_docstring(node) or "")


def _is_impure(function: Function) -> bool:
    """Return whether a function waits, or calls by name what depends on the moment or on chance."""
    called = {
        ast.unparse(node.func).split(".")[-1] for node in ast.walk(function) if isinstance(node, ast.Call)
    }
    return isinstance(function, ast.AsyncFunctionDef) or bool(called & IMPURE)


def modules_of_rules() -> list[Path]:
    """Return the modules of the import contract "rules do no I/O", by the packages that it names."""
    contracts = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    [names] = [one["source_modules"] for one in contracts if one["name"] == "rules do no I/O"]
    paths = [packages()[name.split(".")[0]].joinpath(*name.split(".")) for name in names]
    return [
        module
        for path in paths
        for module in (path.rglob("*.py") if path.is_dir() else [path.with_suffix(".py")])
    ]


def test_what_calls_itself_pure_is_pure() -> None:
    modules = [path for folder in packages().values() for path in sorted(folder.rglob("*.py"))]
    found = {str(path): impure(path.read_text("utf-8")) for path in modules}

    assert {path: names for path, names in found.items() if names} == {}


def test_rules_read_no_clock() -> None:
    found = {str(path): impure(path.read_text("utf-8"), whole=True) for path in modules_of_rules()}

    assert len(found) > 40
    assert {path: names for path, names in found.items() if names} == {}


def test_a_function_that_reads_the_clock_is_found() -> None:
    function = 'def {0}():\n    """Return it.{1}"""\n    return {2}()\n'
    source = (
        function.format("late", " Pure.", "now")
        + function.format("early", "", "now")
        + function.format("sum", " Pure.", "max")
    )

    assert impure(source) == ["late"]
    assert impure('"""Rules. Pure."""\n' + source) == ["late", "early"]
