"""The command line of the simulation: ``python -m proof.simulation --seeds 1000``.

Exit code 1 if a promise was broken, or if something that must happen sometimes never did.
"""

import argparse
import logging
import multiprocessing
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing.queues import Queue

import structlog
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from proof.simulation.campaign import Campaign
from proof.simulation.mutants import MUTANTS, Mutant
from proof.simulation.sometimes import missing
from proof.simulation.store import Server
from proof.simulation.world import Outcome

BROKEN_MAX = 10
"""After so many broken seeds the run stops: more would only say it again."""


@dataclass
class Sum:
    """What all seeds so far came to."""

    seeds: int = 0
    orders: int = 0
    lines: int = 0
    happened: Counter[str] = field(default_factory=Counter)
    looked_at: Counter[str] = field(default_factory=Counter)
    broken: list[Outcome] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Add one seed."""
        self.seeds += 1
        self.orders += outcome.orders
        self.lines += outcome.lines
        self.happened += outcome.happened
        self.looked_at += outcome.looked_at
        if outcome.broken:
            self.broken.append(outcome)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="proof.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="how many seeds")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--seed", type=int, help="only this seed, twice: the same seed gives the same trace")
    parser.add_argument("--trace", action="store_true", help="print everything that happens")
    parser.add_argument(
        "--mutants", action="store_true", help="is every planted bug found, and by which seed?"
    )
    parser.add_argument("-j", "--processes", type=int, default=os.cpu_count() or 1)
    wanted = parser.parse_args(arguments)
    if os.environ.get("PYTHONHASHSEED") != "0":
        # Sets of names have another order in each process otherwise, and a seed another trace.
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, "-m", "proof.simulation", *sys.argv[1:]])  # noqa: S606
    _be_quiet()
    # Processes and a PostgreSQL in memory would outlive a plain end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    console = Console()
    server = Server()
    try:
        if wanted.seed is not None:
            return _one(server.url, wanted.seed, console, trace=wanted.trace)
        if wanted.mutants:
            return _mutants(server.url, range(wanted.first, wanted.first + wanted.seeds), console)
        return _many(server.url, range(wanted.first, wanted.first + wanted.seeds), wanted.processes, console)
    finally:
        server.stop()


def _be_quiet() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def _one(server_url: str, seed: int, console: Console, *, trace: bool) -> int:
    with Campaign(server_url, "one") as campaign:
        first = campaign.run(seed, show=(lambda line: console.out(line, highlight=False)) if trace else None)
        second = campaign.run(seed)
    _show_broken(first, console)
    same = first.digest == second.digest
    console.print(
        f"seed {seed}: {first.orders} orders, {first.lines} lines, trace {first.digest}"
        f" ({'the same' if same else 'NOT the same'} when run again)"
    )
    return 0 if same and not first.broken else 1


def _mutants(server_url: str, seeds: range, console: Console) -> int:
    table = Table("mutant", "found by seed", "as", title="Planted bugs")
    escaped = 0
    with Campaign(server_url, "mutants") as campaign:
        for mutant in MUTANTS.values():
            found = find(campaign, mutant, seeds)
            escaped += found is None
            words = ("[red]not found[/red]", "") if found is None else (str(found.seed), found.broken[0][:90])
            console.print(f"{mutant.name}: {words[0]}", highlight=False)
            table.add_row(mutant.name, *words)
    console.print(table)
    return 1 if escaped else 0


def find(campaign: Campaign, mutant: Mutant, seeds: Iterable[int]) -> Outcome | None:
    """Return the first of ``seeds`` that shows the bug of ``mutant``, None if none does."""
    for seed in seeds:
        found = campaign.run(seed, mutant.parts)
        shown = [line for line in found.broken if mutant.is_shown_by(line)]
        if shown:
            return replace(found, broken=shown)
    return None


def _many(server_url: str, seeds: range, processes: int, console: Console) -> int:
    total = Sum()
    started = time.monotonic()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("simulating", total=len(seeds))
        for outcome in _outcomes(server_url, seeds, processes):
            total.add(outcome)
            rate = total.seeds / (time.monotonic() - started)
            progress.update(task, advance=1, description=f"{rate:.1f} seeds/s, {total.orders} orders")
            if outcome.broken:
                _show_broken(outcome, console)
            if len(total.broken) >= BROKEN_MAX:
                break
    _show(total, time.monotonic() - started, console)
    never = missing(total.happened, total.seeds)
    for what in never:
        console.print(f"[red]never happened:[/red] {what}")
    return 1 if total.broken or never else 0


def _outcomes(server_url: str, seeds: range, processes: int) -> Iterator[Outcome]:
    """Yield outcomes as they come from ``processes`` processes, each with databases of its own."""
    context = multiprocessing.get_context("spawn")
    queue: Queue[Outcome | None] = context.Queue()
    stop = context.Event()
    workers = [
        context.Process(target=_work, args=(server_url, f"p{n}", seeds[n::processes], queue, stop))
        for n in range(processes)
    ]
    for worker in workers:
        worker.start()
    running = len(workers)
    try:
        while running:
            outcome = queue.get()
            if outcome is None:
                running -= 1
            else:
                yield outcome
    finally:
        stop.set()
        for worker in workers:
            worker.join(timeout=30)
            worker.terminate()


def _work(
    server_url: str, name: str, seeds: Sequence[int], queue: "Queue[Outcome | None]", stop: "object"
) -> None:
    _be_quiet()
    try:
        with Campaign(server_url, name) as campaign:
            for seed in seeds:
                if stop.is_set():  # type: ignore[attr-defined]
                    break
                queue.put(campaign.run(seed))
    finally:
        queue.put(None)


def _show_broken(outcome: Outcome, console: Console) -> None:
    for line in outcome.broken:
        console.print(f"[red]seed {outcome.seed}[/red] {line}", highlight=False)
    if outcome.broken:
        console.print(f"again: make sim SEED={outcome.seed} TRACE=1", highlight=False)


def _show(total: Sum, seconds: float, console: Console) -> None:
    table = Table("sometimes", "times", title="What happened")
    for what, times in sorted(total.happened.items()):
        table.add_row(what, f"{times:,}")
    console.print(table)
    checks = ", ".join(f"{id_} {count:,}" for id_, count in sorted(total.looked_at.items()))
    console.print(f"looked at: {checks}", highlight=False)
    console.print(
        f"{total.seeds:,} seeds, {total.orders:,} orders, {total.lines:,} steps in {seconds:,.0f} s"
        f" ({total.seeds / seconds:.1f} seeds/s): {len(total.broken)} seeds broken"
    )
