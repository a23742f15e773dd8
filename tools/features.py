"""List every feature of the specification with what the last test run says about it: `make features`."""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.text import Text

REPOSITORY = Path(__file__).resolve().parents[1]
RECORD = Path("build/feature-tests.json")

MARKS = {
    "passed": ("✓", "green"),
    "failed": ("✗", "bold red"),
    "skipped": ("–", "yellow"),
    "none": ("·", "dim"),
}


class Feature(NamedTuple):
    """One row of the specification. level: M binding, I implied, C context."""

    id: str
    level: str
    owner: str
    title: str


def load_specification() -> list[Feature]:
    """Every feature, in the order of the specification."""
    with (REPOSITORY / "tools/features.tsv").open(newline="") as stream:
        rows = csv.reader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
        next(rows)
        return [Feature(*row) for row in rows]


def verdict(tests: dict[str, str]) -> str:
    """What several tests of one feature say together: a failure outweighs everything, no test is `none`."""
    outcomes = set(tests.values())
    return next((outcome for outcome in ("failed", "passed", "skipped") if outcome in outcomes), "none")


def main() -> int:
    """Print the list. Exit code 1 when there is no record of a test run."""
    console = Console(soft_wrap=True)
    file = REPOSITORY / RECORD
    if not file.exists():
        console.print("No test run has been recorded: make test")
        return 1
    record: dict[str, dict[str, str]] = json.loads(file.read_text())
    features = load_specification()
    verdicts = {feature.id: verdict(record.get(feature.id, {})) for feature in features}
    for group, members in groupby(features, key=lambda feature: feature.id.partition("-")[0]):
        console.print(f"\n[bold]{group}[/bold]")
        for feature in members:
            _print_feature(console, feature, verdicts[feature.id], record.get(feature.id, {}))
    counts = Counter(verdicts.values())
    console.print(f"\n{len(features)} features; with passing tests: {counts['passed']},", end=" ")
    console.print(f"failing: {counts['failed']}, skipped: {counts['skipped']}, none: {counts['none']}")
    return 0


def _print_feature(console: Console, feature: Feature, outcome: str, tests: dict[str, str]) -> None:
    mark, style = MARKS[outcome]
    line = Text.assemble(
        (f" {mark} ", style), f"{feature.id:<8}", (f"{feature.level} ", "dim"), feature.title
    )
    console.print(line)
    for test, result in sorted(tests.items()):
        if result != "passed":
            console.print(Text(f"             {result}: {test}", style=MARKS[result][1]))


if __name__ == "__main__":
    sys.exit(main())
