"""What docstrings and documents name exists: fields of a class, roles, files, and the modules of a map."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from deploy.native.site import REPOSITORY
from tests.contracts.test_docstrings import docstrings, packages

_FIELD = re.compile(r"(?:^|[.:] |\s- )``([a-z_]+)``:", re.MULTILINE)
_ROLE = re.compile(r":(?:func|class|meth|attr|data|mod):`~?([\w.]+)`")
_ROW_OF_A_MAP = re.compile(r"^\| ``([\w.]+)`` \|", re.MULTILINE)
_PATH = re.compile(r"`([a-z_]+(?:/[a-z_0-9]+)+\.(?:py|md|toml|sh))`")
_DOCUMENTS = ("README.md", "CONTRIBUTING.md", "docs/*.md", "docs/decisions/*.md", "services/*/README.md")


def defined_in(body: list[ast.stmt]) -> Iterator[str]:
    """Yield the names that statements define or import, those of a class with the name of the class before them."""
    for node in body:
        match node:
            case ast.ClassDef():
                yield node.name
                yield from (f"{node.name}.{name}" for name in defined_in(node.body))
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield node.name
            case ast.Import() | ast.ImportFrom():
                yield from (one.asname or one.name for one in node.names)
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.Assign():
                yield from (one.id for one in node.targets if isinstance(one, ast.Name))


def unknown_fields(source: str) -> list[str]:
    """Return what docstrings of classes explain as ``name``: that is no field, no parameter and no value in the module."""
    tree = ast.parse(source)
    values = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    classes = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}

    def names_in(one: ast.ClassDef) -> set[str]:
        parameters = {node.arg for node in ast.walk(one) if isinstance(node, ast.arg)}
        bases = [classes[base.id] for base in one.bases if isinstance(base, ast.Name) and base.id in classes]
        return {*defined_in(one.body), *parameters}.union(*map(names_in, bases))

    return [
        f"{one.name}: {name}"
        for one in classes.values()
        for name in _FIELD.findall(ast.get_docstring(one) or "")
        if name not in names_in(one) and name not in values
    ]


def unresolved_roles(source: str) -> list[str]:
    """Return the roles of a module, such as :func:, that name nothing of the product. Other packages are left out."""
    here = set(defined_in(ast.parse(source).body))
    members = {name.rpartition(".")[2] for name in here}
    return [
        name
        for text in docstrings(source)
        for name in _ROLE.findall(text)
        if not (name in here or ("." not in name and name in members) or _is_found(name))
    ]


def _is_found(name: str) -> bool:
    """Return whether a full name is a module of the product, a name in one, or belongs to another package."""
    roots = [*packages().values(), REPOSITORY]
    package = name.partition(".")[0]
    if package == name:
        return False
    if not any((root / package).is_dir() for root in roots):
        return True
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        for root in roots:
            path = root.joinpath(*parts[:length])
            module = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
            if module.is_file():
                rest = ".".join(parts[length:])
                return not rest or rest in defined_in(ast.parse(module.read_text(encoding="utf-8")).body)
    return False


def missing_of_map(package: Path) -> list[str]:
    """Return the modules below ``package`` that its docstring does not list, and those that it lists in vain."""
    text = ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8"))) or ""
    listed = set(_ROW_OF_A_MAP.findall(text))
    paths = [path for path in package.rglob("*.py") if path.name != "__init__.py"]
    there = {".".join(path.relative_to(package).with_suffix("").parts) for path in paths}
    return sorted(listed ^ there) if listed else []


def dead_paths(document: Path) -> list[str]:
    """Return the paths in ``document`` that are no files of the repository, from its root or from any folder."""
    paths = _PATH.findall(document.read_text(encoding="utf-8"))
    return [path for path in paths if not any(f"/{file}".endswith(f"/{path}") for file in _files())]


@cache
def _files() -> tuple[str, ...]:
    """Return the paths of the files that documents name."""
    folders = [one for one in REPOSITORY.iterdir() if one.is_dir() and not one.name.startswith(".")]
    found = (
        path for folder in folders for ext in ("py", "md", "toml", "sh") for path in folder.rglob(f"*.{ext}")
    )
    return tuple(str(path.relative_to(REPOSITORY)) for path in found if "node_modules" not in path.parts)


def modules() -> list[Path]:
    """Return the modules of the services and of what they share."""
    return [path for folder in packages().values() for path in sorted(folder.rglob("*.py"))]


def test_docstrings_explain_fields_that_exist() -> None:
    found = {str(path): unknown_fields(path.read_text(encoding="utf-8")) for path in modules()}

    assert {path: fields for path, fields in found.items() if fields} == {}


def test_a_field_that_does_not_exist_is_found() -> None:
    source = 'class Loss:\n    """A loss. ``reports``: none. ``ref``: its id."""\n\n    ref: str\n'

    assert unknown_fields(source) == ["Loss: reports"]


def test_roles_of_docstrings_resolve() -> None:
    found = {str(path): unresolved_roles(path.read_text(encoding="utf-8")) for path in modules()}

    assert {path: roles for path, roles in found.items() if roles} == {}


def test_a_role_that_resolves_to_nothing_is_found() -> None:
    source = '"""See :func:`shared.clock.now`, :func:`shared.clock.gone`, :func:`gone` and :mod:`asyncio.tasks`."""'

    assert unresolved_roles(source) == ["shared.clock.gone", "gone"]


def test_maps_list_every_module() -> None:
    packages_with_map = [path.parent for path in modules() if path.name == "__init__.py"]

    assert [one for package in packages_with_map for one in missing_of_map(package)] == []


def test_a_module_without_a_row_of_the_map_is_found(tmp_path: Path) -> None:
    (tmp_path / "__init__.py").write_text('"""Map.\n\n| ``terms`` | words |\n| ``gone`` | nothing |\n"""\n')
    (tmp_path / "terms.py").touch()
    (tmp_path / "money.py").touch()

    assert missing_of_map(tmp_path) == ["gone", "money"]


def test_paths_in_documents_are_files() -> None:
    documents = [path for pattern in _DOCUMENTS for path in REPOSITORY.glob(pattern)]
    found = {str(path.relative_to(REPOSITORY)): dead_paths(path) for path in documents}

    assert {path: dead for path, dead in found.items() if dead} == {}


def test_a_dead_path_in_a_document_is_found(tmp_path: Path) -> None:
    document = tmp_path / "README.md"
    document.write_text("See `tools/check.sh` and `tools/gone.py`.\n")

    assert dead_paths(document) == ["tools/gone.py"]
