"""Check every promise of the running shop and print a table; exit code 1 if one is broken.

    python -m deploy run proof.check [O1 M1 ...]     # with the addresses of the running installation

Waits until all is settled first. The tap of proof/tap.py is read if it was laid before the load.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from proof.observers import Outside
from proof.promises import Verdict, check_all
from proof.settled import NotSettled, settled

SHOWN_MAX = 20


async def check(ids: Sequence[str], *, settle_seconds_max: float) -> list[Verdict]:
    """Wait until all is settled, then check. Raises NotSettled."""
    async with Outside.of_environment() as outside:
        await settled(outside, seconds_max=settle_seconds_max)
        return await check_all(outside, *ids)


def show(verdicts: Sequence[Verdict], console: Console) -> None:
    """Print one line for each promise, and what is broken."""
    table = Table(title="Promises, checked from outside")
    table.add_column("id")
    table.add_column("promise")
    table.add_column("looked at", justify="right")
    table.add_column("broken", justify="right")
    for verdict in verdicts:
        count = len(verdict.violations)
        broken = f"[red]{count}[/red]" if count else "[green]0[/green]"
        table.add_row(verdict.promise.id, verdict.promise.sentence, str(verdict.looked_at), broken)
    console.print(table)
    for verdict in verdicts:
        for violation in verdict.violations[:SHOWN_MAX]:
            console.print(f"[red]{verdict.promise.id}[/red] {violation}", highlight=False)
        if len(verdict.violations) > SHOWN_MAX:
            console.print(f"{verdict.promise.id} and {len(verdict.violations) - SHOWN_MAX} more")


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="proof.check", description=__doc__)
    parser.add_argument("ids", nargs="*", help="only these promises")
    parser.add_argument("--settle-seconds", type=float, default=60)
    arguments = parser.parse_args()
    console = Console()
    try:
        verdicts = asyncio.run(check(arguments.ids, settle_seconds_max=arguments.settle_seconds))
    except NotSettled as problem:
        console.print(f"[red]{problem}[/red]")
        return 1
    show(verdicts, console)
    return 1 if any(verdict.violations for verdict in verdicts) else 0


if __name__ == "__main__":
    sys.exit(main())
