"""Mutation test of the core: change its functions one at a time and check that a test fails.

``python -m tools.mutants payments.payment.rules.settling`` prints the score and every mutant that lived, as a
difference; without a name all of ``[tool.noren.core]`` is taken. mutmut wants the packages at the top of a folder, so
everything is laid out afresh under ``build/mutants``, once for all modules that the same tests look at. ``--sample 16``
draws sixteen mutants of each module by chance, the same ones as long as the module stays as it is.

Each mutant is a test session of its own: they share one PostgreSQL, and tests that need a broker of their
own are left out, because booting it takes longer than all others together. SQL in other letters is the same
SQL: such mutants are not counted.
"""

import argparse
import configparser
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from tests.harness.postgres import server
from tools.core import ROOT, CoreModule, core_modules

LAYOUT = ROOT / "build" / "mutants"
SCORE_MIN = 90
SQL = re.compile(
    r"\b(SELECT|INSERT|UPDATE|DELETE|FROM|WHERE|SET|VALUES|ON CONFLICT|RETURNING|ORDER BY|LIMIT|NOTIFY)\b"
)
DIFFS = """
import json, sys
from mutmut.mutation.diff_apply import find_mutant, get_diff_for_mutant
print(json.dumps({name: get_diff_for_mutant(name, path=find_mutant(name).path) for name in sys.argv[1:]}))
"""
NAMES = """
import json, sys
from pathlib import Path
from mutmut.mutation.file_mutation import mutate_file_contents
from mutmut.utils.format_utils import get_mutant_name
print(json.dumps({
    path: [get_mutant_name(Path(path), name) for name in mutate_file_contents(path, Path(path).read_text()).mutant_names]
    for path in sys.argv[1:]
}))
"""
# What mutmut notes of a mutant that no test found: the tests passed, or none of them reaches it.
LIVED, UNREACHED = 0, (5, 33)


@dataclass(frozen=True)
class Score:
    """How many mutants of a module there are, how many were tried, and which of these no test found."""

    module: str
    mutants: int
    tried: int
    lived: tuple[str, ...]

    @property
    def percent(self) -> float:
        """Return the share of tried mutants that were found."""
        return 100 * (1 - len(self.lived) / self.tried) if self.tried else 100.0


def lay_out(modules: Sequence[CoreModule]) -> Path:
    """Put packages and tests side by side in a folder for ``modules`` of one package, configured for mutmut."""
    first = modules[0]
    folder = LAYOUT / first.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    ignored = shutil.ignore_patterns("__pycache__", ".*", "*.egg-info")
    packages = [
        *(ROOT / "services").glob("*/src/*/__init__.py"),
        *(ROOT / "shared/src").glob("*/__init__.py"),
    ]
    for package in (found.parent for found in packages):
        shutil.copytree(package, folder / package.name, ignore=ignored)
    for name in ("tests", "deploy", "proof", "tools"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", folder)
    settings = {
        "source_paths": [first.package],
        "only_mutate": [_path_of(module) for module in modules],
        "also_copy": sorted(one.name for one in folder.iterdir() if one.name not in ("tests", first.package)),
        "pytest_add_cli_args": ["-p", "no:cacheprovider", "--timeout=120", "-m", "not broker"],
        "pytest_add_cli_args_test_selection": first.tests,
        # Much of a test is waiting, which mutmut's measure of CPU time does not see.
        "timeout_constant": ["30"],
    }
    config = configparser.ConfigParser()
    config["mutmut"] = {name: "\n" + "\n".join(values) for name, values in settings.items()}
    with (folder / "setup.cfg").open("w", encoding="utf-8") as file:
        config.write(file)
    return folder


def _path_of(module: CoreModule) -> str:
    return "/".join(module.name.split(".")) + ".py"


def try_mutants(
    modules: Sequence[CoreModule], *, at_once: int, seconds: float | None, sample: int | None
) -> list[Score]:
    """Run the tests of ``modules``, which share them, against each mutant, or those that ``seconds`` leave time for.

    mutmut takes those with quick tests first; ``sample`` draws so many of each module. Raises CalledProcessError if
    the tests fail without a change.
    """
    folder = lay_out(modules)
    wanted = _draw(folder, modules, sample) if sample else []
    with server() as address:
        command = [sys.executable, "-m", "mutmut", "run", "--max-children", str(at_once), *wanted]
        running = subprocess.Popen(
            command, cwd=folder, env=os.environ | {"TEST_POSTGRES_URL": address}, start_new_session=True
        )
        try:
            if running.wait(seconds):
                raise subprocess.CalledProcessError(running.returncode, command)
        except subprocess.TimeoutExpired:
            print(f"{modules[0].name}: {seconds:.0f} s are over")
        finally:
            # Its children are in the same group; what they have not told by now counts as not tried.
            with suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)
            running.wait()
    return [_score(folder, module) for module in modules]


def _draw(folder: Path, modules: Sequence[CoreModule], sample: int) -> list[str]:
    names: dict[str, list[str]] = _told(folder, NAMES, [_path_of(module) for module in modules])
    # The same ones when it is run again: what lived is looked for once more.
    dice = random.Random(0)  # noqa: S311 - no secret
    return [name for one in names.values() for name in dice.sample(one, min(sample, len(one)))]


def _told(folder: Path, program: str, arguments: Iterable[str]) -> Any:
    command = [sys.executable, "-c", program, *arguments]
    told = subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE)
    return json.loads(told.stdout)


def _score(folder: Path, module: CoreModule) -> Score:
    meta = folder / "mutants" / (_path_of(module) + ".meta")
    exit_codes: dict[str, int | None] = json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"]
    tried = {name: code for name, code in exit_codes.items() if code is not None}
    lived_on = [name for name, code in tried.items() if code in (LIVED, *UNREACHED)]
    diffs: dict[str, str] = _told(folder, DIFFS, lived_on)
    lived = {name: diff for name, diff in diffs.items() if not is_sql_in_other_letters(diff)}
    for name, diff in lived.items():
        print(f"# {name}\n{diff}")
    same = len(diffs) - len(lived)
    return Score(module.name, len(exit_codes) - same, len(tried) - same, tuple(lived))


def is_sql_in_other_letters(diff: str) -> bool:
    """Tell whether a change only wrote SQL in capitals or in small letters; what is quoted in it does matter."""
    lines = [line for line in diff.splitlines() if not line.startswith(("---", "+++"))]
    before = [line[1:] for line in lines if line.startswith("-")]
    after = [line[1:] for line in lines if line.startswith("+")]
    return [line.lower() for line in before] == [line.lower() for line in after] and all(
        SQL.search(line) and "'" not in line for line in before
    )


def chosen(names: Sequence[str]) -> Iterator[list[CoreModule]]:
    """Yield the core's modules of these names, or in packages of these names, in groups that share their tests."""
    wanted = [
        module
        for module in core_modules()
        if not names or any(f"{module.name}.".startswith(f"{name}.") for name in names)
    ]
    for _, group in groupby(wanted, lambda module: (module.package, module.tests)):
        yield list(group)


def main(names: Sequence[str], *, at_once: int, seconds: float | None, sample: int | None) -> int:
    """Print the score of each module; return 0 if every one reaches SCORE_MIN, 2 if there is none of these names."""
    groups = list(chosen(names))
    if not groups:
        print(f"not in [tool.noren.core]: {', '.join(names)}")
        return 2
    scores = [
        score
        for modules in groups
        for score in try_mutants(modules, at_once=at_once, seconds=seconds, sample=sample)
    ]
    print(f"{'module':<44}{'mutants':>8}{'tried':>7}{'lived':>7}{'score':>8}")
    for score in scores:
        counts = f"{score.mutants:>8}{score.tried:>7}{len(score.lived):>7}"
        print(f"{score.module:<44}{counts}{score.percent:>7.1f}%")
    return 0 if all(score.percent >= SCORE_MIN for score in scores) else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Mutation test of core modules.")
    parser.add_argument("modules", nargs="*", metavar="MODULE")
    parser.add_argument("--at-once", type=int, default=2, help="mutants tried at the same time")
    parser.add_argument("--seconds", type=float, help="stop each group of modules after so long")
    parser.add_argument("--sample", type=int, help="try so many mutants of each module, drawn by chance")
    options = parser.parse_args()
    sys.exit(main(options.modules, at_once=options.at_once, seconds=options.seconds, sample=options.sample))
