"""Fuzz the running shop; print what was asked and found, and write build/fuzz/report.json.

    python -m deploy run proof.fuzz [--examples N] [--seed S] [--services checkout,payments] [--parts pages]

Its data is fair game: it places orders, registers members and changes settings. Exit code 1 if anything is
found.
"""

import argparse
import asyncio
import os
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
from rich.console import Console

from proof.fuzz.documented import Wanted, fuzz_documented
from proof.fuzz.findings import Part, show, write
from proof.fuzz.known import known_values
from proof.fuzz.neighbours import place_orders
from proof.fuzz.pages import SECONDS_MAX, asking, fuzz_pages
from proof.fuzz.queues import SERVICES, consumers_of, fuzz_queues
from proof.fuzz.roles import Role, all_roles
from proof.fuzz.routes import routes_of
from proof.observers import Outside

PARTS = ("queues", "documented", "pages")
REPORT = Path(__file__).resolve().parents[2] / "build" / "fuzz" / "report.json"
EXAMPLES_PER_ROUND = 50


@dataclass(frozen=True)
class Plan:
    """What is wished on the command line."""

    examples: int
    seed: int
    services: Sequence[str]
    parts: Sequence[str]


async def fuzz(plan: Plan, console: Console) -> list[Part]:
    """Carry out the plan, a line for each part as it ends."""
    origin = os.environ["ORIGIN_URL"]
    found: list[Part] = []

    def note(part: Part) -> None:
        found.append(part)
        told = f"{part.subject} as {part.role}: {part.requests:,} requests, {len(part.findings)} found"
        console.print(told, highlight=False)

    async with Outside.of_environment() as outside:
        if "queues" in plan.parts:
            for part in await fuzz_queues(
                os.environ["AMQP_ADMIN_URL"],
                consumers_of(*plan.services),
                rounds=max(1, plan.examples // EXAMPLES_PER_ROUND),
                from_seed=plan.seed,
                neighbours=partial(place_orders, outside, origin),
            ):
                note(part)
        for service in plan.services if {"documented", "pages"} & set(plan.parts) else ():
            # Anew for each service: some forms log out whoever sends them.
            for role in await all_roles(origin):
                for part in await _http(plan, service, role, origin, outside):
                    note(part)
    return found


async def _http(plan: Plan, service: str, role: Role, origin: str, outside: Outside) -> list[Part]:
    url = os.environ[f"{service.upper()}_URL"]
    parts: list[Part] = []
    if "documented" in plan.parts:
        wanted = Wanted(plan.examples, plan.seed)
        parts.append(await fuzz_documented(service, url, role, origin=origin, wanted=wanted))
    if "pages" in plan.parts:
        with httpx.Client(base_url=url, timeout=SECONDS_MAX, trust_env=False) as client:
            part = await asyncio.to_thread(
                fuzz_pages,
                service,
                routes_of(service),
                role,
                asking(client),
                url=url,
                origin=origin,
                known=await known_values(outside),
                examples=plan.examples,
                from_seed=plan.seed,
            )
        parts.append(part)
    return parts


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="proof.fuzz", description=__doc__)
    parser.add_argument("--examples", type=int, default=100, help="for each operation, page and role")
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--services", default=",".join(SERVICES))
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--report", type=Path, default=REPORT)
    given = parser.parse_args()
    plan = Plan(given.examples, given.seed, given.services.split(","), given.parts.split(","))
    console, started = Console(), time.monotonic()
    parts = asyncio.run(fuzz(plan, console))
    show(parts, console)
    seconds = round(time.monotonic() - started)
    about = {"examples": plan.examples, "seed": plan.seed, "seconds": seconds, "machine": platform.platform()}
    write(parts, given.report, **about)
    console.print(f"{sum(part.requests for part in parts):,} requests in {seconds:,} s: {given.report}")
    return 1 if any(part.findings for part in parts) else 0


if __name__ == "__main__":
    sys.exit(main())
