"""The findings of a fuzz run: number of requests, role, problem, and how to repeat it."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

SHOWN_MAX = 30


@dataclass(frozen=True)
class Finding:
    """Something that must not be: where, what, and the command that shows it again."""

    where: str
    what: str
    again: str


@dataclass(frozen=True)
class Part:
    """One part of a run: ``requests`` asked of ``subject`` in a role."""

    subject: str
    role: str
    requests: int
    findings: Sequence[Finding]
    counts: dict[str, int] = field(default_factory=dict)


def show(parts: Sequence[Part], console: Console) -> None:
    """Print a line for each part, then what was found."""
    table = Table(title="Fuzzing")
    for name in ("what", "role"):
        table.add_column(name)
    for name in ("requests", "found"):
        table.add_column(name, justify="right")
    table.add_column("counts")
    for part in parts:
        counts = " ".join(f"{name}={count}" for name, count in sorted(part.counts.items()))
        table.add_row(part.subject, part.role, f"{part.requests:,}", str(len(part.findings)), counts)
    console.print(table)
    for part in parts:
        for finding in part.findings[:SHOWN_MAX]:
            console.print(f"{part.subject} as {part.role}: {finding.where}: {finding.what}", markup=False)
            console.print(f"    {finding.again}", markup=False, highlight=False, soft_wrap=True)


def write(parts: Sequence[Part], file: Path, **about: object) -> None:
    """Write everything as JSON."""
    file.parent.mkdir(parents=True, exist_ok=True)
    told = {
        **about,
        "requests": sum(part.requests for part in parts),
        "parts": [asdict(part) for part in parts],
    }
    file.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
