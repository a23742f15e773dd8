"""List every feature of the specification with the result of the last test run: `make features`.

An acceptance line is cut into clauses; a feature holds when each of them has a passing test.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.text import Text

REPOSITORY = Path(__file__).resolve().parents[1]
RECORD = Path("build/feature-tests.json")
BETWEEN_CLAUSES = " | "

MARKS = {
    "passed": ("✓", "green"),
    "partly": ("◐", "cyan"),
    "failed": ("✗", "bold red"),
    "skipped": ("–", "yellow"),
    "none": ("·", "dim"),
}

# Outcomes by test, of one clause: what pytest says.
Tests = Mapping[str, str]
# Tests by clause, of one feature.
Clauses = Mapping[str, Tests]


class Feature(NamedTuple):
    """One row of the specification. level: M binding, I implied, C context, N new to the field."""

    id: str
    level: str
    owner: str
    title: str
    clauses: tuple[str, ...]


def load_specification() -> list[Feature]:
    """Every feature, in the order of the specification."""
    with (REPOSITORY / "tools/features.tsv").open(newline="") as stream:
        rows = csv.reader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
        next(rows)
        return [
            Feature(id_, level, owner, title, tuple(clauses.split(BETWEEN_CLAUSES)))
            for id_, level, owner, title, clauses in rows
        ]


def clauses_marked(
    ids: Iterable[str], clause: str | None, specification: Mapping[str, Feature]
) -> list[tuple[str, str]]:
    """Return the pairs of ID and clause that a mark claims. Without `clause`, it claims all clauses of its IDs.

    ValueError when the specification does not know one of them; it says which clauses there are.
    """
    claimed: list[tuple[str, str]] = []
    for id_ in ids:
        if id_ not in specification:
            raise ValueError(f"the specification has no {id_}")
        known = specification[id_].clauses
        named = known if clause is None else tuple(clause.split(BETWEEN_CLAUSES))
        for name in named:
            if name not in known:
                offered = ", ".join(f'"{one}"' for one in known)
                raise ValueError(f'{id_} has no clause "{name}"; tools/features.tsv has {offered}')
            claimed.append((id_, name))
    return claimed


def clause_verdict(tests: Tests) -> str:
    """Return the result of all tests of one clause: a failure outweighs everything, no test is `none`."""
    outcomes = set(tests.values())
    return next((outcome for outcome in ("failed", "passed", "skipped") if outcome in outcomes), "none")


def verdict(feature: Feature, record: Clauses) -> str:
    """Return the result of all clauses: `passed` if each has passed, `partly` if some have and none failed."""
    said = {clause_verdict(record.get(clause, {})) for clause in feature.clauses}
    if "failed" in said:
        return "failed"
    if "passed" in said:
        return "passed" if said == {"passed"} else "partly"
    return "skipped" if "skipped" in said else "none"


def missing_clauses(feature: Feature, record: Clauses) -> list[str]:
    """Return the clauses that no passing test checks."""
    return [one for one in feature.clauses if clause_verdict(record.get(one, {})) != "passed"]


def main() -> int:
    """Print the list. Exit code 1 when there is no record of a test run."""
    console = Console(soft_wrap=True)
    file = REPOSITORY / RECORD
    if not file.exists():
        console.print("No test run has been recorded: make test")
        return 1
    record: dict[str, dict[str, dict[str, str]]] = json.loads(file.read_text())
    features = load_specification()
    verdicts = {feature.id: verdict(feature, record.get(feature.id, {})) for feature in features}
    for group, rows in groupby(features, key=lambda feature: feature.id.partition("-")[0]):
        members = list(rows)
        counts = _counted(verdicts[feature.id] for feature in members)
        console.print(Text.assemble("\n", (group, "bold"), (f"  {counts}", "dim")))
        for feature in members:
            _print_feature(console, feature, verdicts[feature.id], record.get(feature.id, {}))
    console.print(f"\n{len(features)} features: {_counted(verdicts.values())}", highlight=False)
    console.print("✓ whole  ◐ in part  ✗ failing  – skipped  · no test", style="dim")
    return 0


def _counted(verdicts: Iterable[str]) -> str:
    counts = Counter(verdicts)
    return "  ".join(f"{sign} {counts[name]}" for name, (sign, _) in MARKS.items() if counts[name])


def _print_feature(console: Console, feature: Feature, outcome: str, record: Clauses) -> None:
    mark, style = MARKS[outcome]
    line = Text.assemble(
        (f" {mark} ", style), f"{feature.id:<8}", (f"{feature.level} ", "dim"), feature.title
    )
    console.print(line)
    if outcome == "partly":
        missing = BETWEEN_CLAUSES.join(missing_clauses(feature, record))
        console.print(Text(f"             missing: {missing}", style=style))
    for test, result in sorted(
        {test: said for tests in record.values() for test, said in tests.items()}.items()
    ):
        if result != "passed":
            console.print(Text(f"             {result}: {test}", style=MARKS[result][1]))


if __name__ == "__main__":
    sys.exit(main())
