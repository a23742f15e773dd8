"""Slices as docs/developing.md describes them: each names its noun, and its use cases are found by their names."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.contracts.test_docstrings import packages

FIRST_PARAMETERS = {"tx", "db"}
OTHER_FOLDERS = {"migrations", "simulator", "__pycache__"}


def slices() -> list[Path]:
    """Return the folders of all slices."""
    services = (folder / name for name, folder in packages().items() if name != "shared")
    return [
        folder
        for service in services
        for folder in sorted(service.iterdir())
        if folder.name not in OTHER_FOLDERS and any(folder.glob("*.py"))
    ]


def without_noun(folders: list[Path]) -> list[str]:
    """Return the names of the folders whose `__init__.py` has no docstring."""
    return [
        folder.name
        for folder in folders
        if not (head := folder / "__init__.py").exists()
        or not ast.get_docstring(ast.parse(head.read_text(encoding="utf-8")))
    ]


def use_cases(module: ast.Module) -> Iterator[str]:
    """Yield the public coroutines of a module that take a transaction or a database first."""
    for node in module.body:
        if isinstance(node, ast.AsyncFunctionDef) and not node.name.startswith("_"):
            parameters = [argument.arg for argument in node.args.args[:1]]
            yield from [node.name] if FIRST_PARAMETERS.intersection(parameters) else []


def is_page(module: ast.Module) -> bool:
    """Return whether a module sets `router`."""
    return any(
        isinstance(node, ast.Assign) and "router" in map(ast.unparse, node.targets) for node in module.body
    )


def misnamed(folders: list[Path]) -> list[str]:
    """Return the use cases whose name contains neither the verb nor the noun of their `<verb>_<noun>.py`.

    A file is one of use cases if its first word is the first word of some use case.
    """
    modules = {
        path: ast.parse(path.read_text(encoding="utf-8"))
        for folder in folders
        for path in sorted(folder.rglob("*.py"))
        if not OTHER_FOLDERS & set(path.parts)
    }
    verbs = {name.split("_")[0] for module in modules.values() for name in use_cases(module)}
    found = []
    for path, module in modules.items():
        words = path.stem.split("_")
        if len(words) > 1 and words[0] in verbs and not is_page(module):
            stems = tuple(word.rstrip("s").rstrip("e") for word in (words[0], words[-1]))
            found += [
                f"{path.name}: {name}"
                for name in use_cases(module)
                if not any(part.startswith(stems) for part in name.split("_"))
            ]
    return found


def test_every_slice_names_its_noun() -> None:
    assert len(slices()) > 40
    assert without_noun(slices()) == []


def test_a_use_case_has_the_verb_or_the_noun_of_its_file() -> None:
    assert misnamed(slices()) == []


def test_a_use_case_in_the_file_of_another_is_found(tmp_path: Path) -> None:
    (tmp_path / "__init__.py").write_text("")
    (tmp_path / "use_coupon.py").write_text(
        "async def use_coupon(tx): ...\nasync def return_coupon(tx): ...\nasync def send_mail(tx): ...\n"
    )

    assert misnamed([tmp_path]) == ["use_coupon.py: send_mail"]
    assert without_noun([tmp_path]) == [tmp_path.name]
