"""The report of a run, as text for people and as JSON for programs."""

import json
import os
import platform
import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from proof.chaos.accounts import Accounts
from proof.chaos.faults import Fault
from proof.chaos.network import NODES
from proof.chaos.stage import Stage
from proof.promises import Verdict

TROUBLES_SHOWN_MAX = 30
TROUBLES_KEPT_MAX = 500
TIMES_WANTED = 20


@dataclass(frozen=True)
class Injection:
    """One strike of one fault; ``evidence`` is its proof, or why there is none.

    ``at`` and ``lasted`` are seconds. ``recovery`` counts from its end: the later of ``ready`` (every replica
    says so) and ``authorized`` (an order made then). ``in_peace`` is what such an order took just before, with
    nothing broken: no recovery can be told from it that is shorter. ``busy`` is the machine's load average then:
    above its cores, all figures also measure waiting for a processor. ``unserved`` counts the requests for
    orders that had no answer, or one of 500 and above, from the strike until recovery. ``together``: another
    fault struck with it.
    """

    fault: str
    lasted: float
    proven: bool
    evidence: str
    at: float = 0
    recovery: float | None = None
    ready: float | None = None
    authorized: float | None = None
    in_peace: float | None = None
    busy: float = 0
    recovered: bool = False
    unserved: int = 0
    together: bool = False


@dataclass
class Report:
    """Everything that a run found out; the figures of its rounds are added up.

    ``checked_seconds`` of its ``seconds`` are in accounts and verdicts: an unfinished round is not.
    """

    seed: int
    command: str
    faults: Sequence[Fault]
    surroundings: dict[str, Any]
    began_at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    seconds: float = 0.0
    checked_seconds: float = 0.0
    rounds: int = 0
    crowd: Counter[str] = field(default_factory=Counter)
    injections: list[Injection] = field(default_factory=list)
    accounts: Accounts | None = None
    verdicts: Sequence[Verdict] = ()
    troubles: list[str] = field(default_factory=list)
    troubles_left_out: int = 0

    def trouble(self, *texts: str) -> None:
        """Note what is not as it should be; beyond five hundred only how many."""
        free = max(0, TROUBLES_KEPT_MAX - len(self.troubles))
        self.troubles += texts[:free]
        self.troubles_left_out += len(texts[free:])

    @property
    def void(self) -> list[str]:
        """Kinds of faults that struck and were never proven."""
        struck = {one.fault for one in self.injections}
        return sorted(struck - {one.fault for one in self.injections if one.proven})

    @property
    def good(self) -> bool:
        """Whether nothing was lost, doubled or unexpected, and every fault that struck was proven."""
        told = self.accounts
        bad = told is None or told.lost + told.duplicated + told.unexpected
        return not bad and not self.void and not self.troubles

    def rows(self) -> list[dict[str, Any]]:
        """One row for each kind of fault: how often it struck, with proof, and how long recovery took."""
        return [self._row(fault) for fault in self.faults]

    def _row(self, fault: Fault) -> dict[str, Any]:
        struck = [one for one in self.injections if one.fault == fault.id]
        took = sorted(one.recovery for one in struck if one.recovery is not None and not one.together)
        calm = [one.in_peace for one in struck if one.in_peace is not None]
        return {
            "fault": fault.id,
            "name": fault.name,
            "injected": len(struck),
            "proven": sum(one.proven for one in struck),
            "recovery_p50": round(median(took), 2) if took else None,
            "recovery_worst": round(took[-1], 2) if took else None,
            "in_peace_p50": round(median(calm), 2) if calm else None,
            "not_recovered": sum(not one.recovered for one in struck),
            "unserved": sum(one.unserved for one in struck),
        }

    def as_json(self) -> dict[str, Any]:
        """Return all of it."""
        return {
            "command": self.command,
            "seed": self.seed,
            "began_at": self.began_at,
            "seconds": round(self.seconds),
            "checked_seconds": round(self.checked_seconds),
            "rounds": self.rounds,
            "crowd": dict(self.crowd),
            "good": self.good,
            "accounts": asdict(self.accounts) if self.accounts else None,
            "faults": self.rows(),
            "void": self.void,
            "promises": [
                {
                    "id": one.promise.id,
                    "promise": one.promise.sentence,
                    "looked_at": one.looked_at,
                    "broken": [str(violation) for violation in one.violations],
                }
                for one in self.verdicts
            ],
            "troubles": self.troubles,
            "troubles_left_out": self.troubles_left_out,
            "injections": [asdict(one) for one in self.injections],
            "surroundings": self.surroundings,
        }

    def write(self, file: Path) -> None:
        """Write the JSON, in place of an earlier one in one step."""
        file.parent.mkdir(parents=True, exist_ok=True)
        new = file.with_suffix(".new")
        new.write_text(json.dumps(self.as_json(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        new.replace(file)

    def show(self, console: Console) -> None:
        """Print the text."""
        table = Table(title=f"Faults in {self.seconds:.0f} s, seed {self.seed}")
        for name in ("fault", "", "struck", "proven", "p50 s", "worst s", "in peace", "not well", "unserved"):
            table.add_column(name, justify="left" if name in ("fault", "") else "right")
        for row in self.rows():
            table.add_row(*("–" if value is None else str(value) for value in row.values()))
        console.print(table)
        promises = Table(title="Promises, checked from outside")
        for name in ("id", "promise", "looked at", "broken"):
            promises.add_column(name, justify="left" if name in ("id", "promise") else "right")
        for one in self.verdicts:
            broken = str(len(one.violations))
            promises.add_row(one.promise.id, one.promise.sentence, str(one.looked_at), broken)
        console.print(promises)
        for one in self.verdicts:
            for violation in one.violations[:TROUBLES_SHOWN_MAX]:
                console.print(f"{one.promise.id} {violation}", highlight=False, markup=False, soft_wrap=True)
        for trouble in self.troubles[:TROUBLES_SHOWN_MAX]:
            console.print(f"trouble: {trouble}", highlight=False, markup=False, soft_wrap=True)
        if self.troubles_left_out:
            console.print(f"and {self.troubles_left_out} more troubles")
        for id_ in self.void:
            console.print(f"void: {id_} struck and was never proven")
        if self.accounts is not None:
            told = ", ".join(f"{name} {count}" for name, count in asdict(self.accounts).items())
            console.print(f"Orders: {told}", highlight=False, soft_wrap=True)
        crowd = ", ".join(f"{name} {count}" for name, count in self.crowd.items())
        console.print(
            f"{self.checked_seconds:.0f} of {self.seconds:.0f} s checked in {self.rounds} rounds; people: {crowd}",
            highlight=False,
        )
        console.print(f"Again: {self.command}", highlight=False, soft_wrap=True)


async def surroundings(stage: Stage) -> dict[str, Any]:
    """Return versions and hardware."""
    overview = (await stage.broker_api("GET", "overview")).json()
    connection = await stage.as_superuser("checkout")
    try:
        postgres = await connection.fetchval("SHOW server_version")
    finally:
        await connection.close()
    return {
        "python": platform.python_version(),
        "rabbitmq": overview["rabbitmq_version"],
        "rabbitmq_nodes": 1 if stage.cluster is None else len(NODES),
        "erlang": overview["erlang_version"],
        "postgresql": postgres,
        "system": platform.platform(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "commit": _commit(stage.site.repository),
    }


def _commit(repository: Path) -> str:
    """The commit that was run, with a mark if files differ from it; empty where there is no git."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip()
