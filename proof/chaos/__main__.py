"""Command line of `make chaos`.

    python -m proof.chaos --seconds 600 --faults F6,F18 --seed 7 --rate 5

Starts an installation of its own (.noren/chaos, ports moved by CHAOS_PORT_SHIFT, 5000 unless set), and removes
it at the end. Exit code 0 only if every promise was kept and every kind of fault that struck was proven.
"""

import argparse
import asyncio
import logging
import signal
import sys
from pathlib import Path
from random import SystemRandom

from rich.console import Console
from rich.table import Table

from deploy.native.site import REPOSITORY, CannotRun, Site, port_shift
from proof.chaos.choice import choose
from proof.chaos.disks import Disks
from proof.chaos.faults import known
from proof.chaos.network import Network
from proof.chaos.report import Report
from proof.chaos.run import Run, Unfit
from proof.chaos.stage import Stage

REPORT = REPOSITORY / "build/chaos/report.json"
# The mail catcher answers with all mails at once, the checkers hold all events: more orders need other rounds.
ROUND_SECONDS_MAX, ORDERS_A_ROUND = 900.0, 4000


def main() -> int:
    """Run the command line."""
    console = Console()
    # It tells of every connection that fails; here many are meant to.
    logging.getLogger("aiormq").setLevel(logging.CRITICAL)
    arguments = _parser().parse_args()
    if arguments.list:
        _list(console)
        return 0
    try:
        return asyncio.run(_run(arguments, console))
    except (CannotRun, Unfit, ValueError) as problem:
        console.print(f"chaos: {problem}", highlight=False, markup=False)
        return 1
    except asyncio.CancelledError:
        return 130


async def _run(arguments: argparse.Namespace, console: Console) -> int:
    ids = [one for one in arguments.faults.replace(",", " ").split() if one]
    seed = arguments.seed if arguments.seed is not None else SystemRandom().randrange(10**6)
    choice = choose(
        ids,
        cluster=arguments.cluster,
        disks_possible=Disks.possible(),
        network_possible=Network.possible(),
    )
    for line in choice.left_out:
        console.print(f"left out: {line}", highlight=False, soft_wrap=True)
    names = " CLUSTER=1" * choice.clustered + f" FAULTS={','.join(ids)}" * bool(ids)
    numbers = f"SEED={seed} RATE={arguments.rate:g} PAIRS={arguments.pairs:g}"
    command = f"make chaos SECONDS={arguments.seconds:.0f}{names} {numbers}"
    report = Report(seed, command, choice.faults, {})
    stage = Stage.at(_site(), small_disks=choice.small_disks, clustered=choice.clustered)
    round_seconds = arguments.round_seconds or min(ROUND_SECONDS_MAX, ORDERS_A_ROUND / arguments.rate)
    console.print(f"{command}\nStarting two of everything in {stage.site.home}", highlight=False)
    run = Run(
        stage,
        report,
        console,
        choice.faults,
        rate=arguments.rate,
        seconds=arguments.seconds,
        round_seconds=round_seconds,
        pairs=arguments.pairs,
        file=arguments.report,
    )
    # Both ask for a clean end: what was found is told, everything is stopped and removed.
    ourselves = asyncio.current_task()
    if ourselves is not None:
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, ourselves.cancel)
    try:
        await run.run()
    finally:
        if report.injections:
            report.write(arguments.report)
            report.show(console)
        if not arguments.keep:
            await stage.close()
    return 0 if report.good else 1


def _site() -> Site:
    return Site(home=REPOSITORY / ".noren/chaos", port_shift=port_shift("CHAOS_PORT_SHIFT", usual=5000))


def _list(console: Console) -> None:
    table = Table(title="Faults")
    for name in ("id", "name", "does", "proof", "over when"):
        table.add_column(name)
    for one in known().values():
        table.add_row(one.id, one.name, one.does, one.proof, one.over)
    console.print(table)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="proof.chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600, help="of load; settling comes on top")
    parser.add_argument("--faults", default="", help="ids, F6,F18; all without it")
    parser.add_argument("--cluster", action="store_true", help="three broker nodes, and what splits them")
    parser.add_argument("--seed", type=int, help="decides what strikes when, and who buys what")
    parser.add_argument("--rate", type=float, default=3, help="orders that begin each second")
    parser.add_argument("--pairs", type=float, default=0.1, help="share of strikes that are two at once")
    parser.add_argument("--round-seconds", type=float, help="of one installation; else 900, or 4000 orders")
    parser.add_argument("--report", type=Path, default=REPORT)
    parser.add_argument("--list", action="store_true", help="show every kind of fault, and end")
    parser.add_argument("--keep", action="store_true", help="leave everything running at the end")
    return parser


if __name__ == "__main__":
    sys.exit(main())
