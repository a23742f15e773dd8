"""The core: the code of money, points and messages, with its tests.

``[tool.noren.core]`` in pyproject.toml is the one list. ``python -m tools.core`` runs those tests and fails
unless every branch of the core was taken; :mod:`tools.mutants` checks whether they notice a change.

Python 3.11 does not tell a tracer that a coroutine goes on after something was thrown into it, as every
``asyncio.timeout`` does (python/cpython#106749): what runs after it there counts as missed. 3.12 and later do.
"""

import os
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
REPORT = ROOT / "build" / "coverage"


@dataclass(frozen=True)
class CoreModule:
    """One module of the core. ``tests`` are the folders and files whose tests look at it."""

    name: str
    path: Path
    tests: tuple[str, ...]

    @property
    def package(self) -> str:
        """Return the service that it belongs to, or shared."""
        return self.name.partition(".")[0]


def core_modules() -> list[CoreModule]:
    """Return the modules of the core in the order of the list; a package stands for all modules in it and below it.

    Raises FileNotFoundError for a module or a test that is no longer there.
    """
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["noren"]["core"]
    modules = {}
    for name, tests in listed.items():
        for test in tests:
            (ROOT / test).stat()
        for path in _sources(name):
            own = path.relative_to(_source_folder(name)).with_suffix("")
            modules[".".join(own.parts)] = path, tuple(tests)
    return [CoreModule(name, path, tests) for name, (path, tests) in modules.items()]


def _source_folder(name: str) -> Path:
    package = name.partition(".")[0]
    return ROOT / ("shared" if package == "shared" else f"services/{package}") / "src"


def _sources(name: str) -> list[Path]:
    place = _source_folder(name).joinpath(*name.split("."))
    if place.is_dir():
        return sorted(path for path in place.rglob("*.py") if path.name != "__init__.py")
    place.with_suffix(".py").stat()
    return [place.with_suffix(".py")]


def main() -> int:
    """Run the core's tests under coverage; return 0 if they pass and no branch is left."""
    modules = core_modules()
    tests = sorted({test for module in modules for test in module.tests})
    REPORT.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"COVERAGE_FILE": str(REPORT / "data")}
    coverage = [sys.executable, "-m", "coverage"]
    ran = subprocess.run(
        [*coverage, "run", "-m", "pytest", "-q", *tests], cwd=ROOT, env=environment, check=False
    )
    include = ",".join(str(module.path) for module in modules)
    told = subprocess.run(
        [*coverage, "report", f"--include={include}"], cwd=ROOT, env=environment, check=False
    )
    if told.returncode and sys.version_info < (3, 12):
        print("Python 3.11 misses lines after a timeout (see tools/core.py): measure with a later one.")
    return ran.returncode or told.returncode


if __name__ == "__main__":
    sys.exit(main())
