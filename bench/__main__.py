"""`make bench`: the full order under load, and the same servers under a baseline, in one JSON document.

    python -m bench [--orders N] [--seconds S] [--rows 1000,10000] [--replicas 1,2] [--yardstick FOLDER]
    python -m bench --smoke          # proves in a minute that it runs; its figures mean nothing

Progress goes to stderr, the document to stdout and to build/bench/report.json, a plot to build/bench/plot.svg. The
file is written after each phase; what breaks a run off, which limits of the shop were lifted, and what could not be
checked, is part of the document. NOREN_PORT_SHIFT moves the ports, 4000 unless set.
"""

import argparse
import asyncio
import os
import platform
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import psutil

from bench.installation import Installation
from bench.phases import Bench, Broken
from bench.report import Report
from bench.yardstick import run_baseline, run_yardstick
from deploy.native.site import CannotRun, port_shift
from proof.installation import NO_LIMITS
from proof.observers import Outside
from proof.promises import check_all, known
from proof.settled import NotSettled, settled

FOLDER = Path(os.environ.get("BENCH_FOLDER", "build/bench"))
USUAL_PORT_SHIFT = 4000
STEADY = (0.1, 0.5, 0.8)
OBSERVER_TROUBLE = (
    OSError,
    httpx.HTTPError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    ValueError,
    KeyError,
)

Phase = tuple[str, str, Callable[[], Awaitable[Any]]]


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


async def measure(options: argparse.Namespace, report: Report) -> None:
    """Run all phases and keep what each finds. Raises Broken if an order did not go all the way."""
    shift = port_shift("NOREN_PORT_SHIFT", usual=USUAL_PORT_SHIFT)
    installation = Installation.at(shift, gateway_delay_ms=options.gateway_ms)
    phase = "starting broker, databases and the four services"
    try:
        for phase, name, find in _phases(options, installation, report):
            _say(phase)
            figures = await find()
            if name:
                report.keep(name, figures)
    except BaseException as problem:
        report.break_off(phase, problem)
        raise
    finally:
        installation.shut_down()


def _phases(options: argparse.Namespace, installation: Installation, report: Report) -> Iterator[Phase]:
    """Yield each phase: its message, the place of its figures, and the function that measures them."""
    made: list[Bench] = []

    async def baseline() -> dict[str, Any]:
        installation.start_infrastructure()
        orders = options.orders * 2
        if options.yardstick:
            return await run_yardstick(options.yardstick, installation, orders=orders)
        return await run_baseline(installation, orders=orders)

    async def warm_up() -> dict[str, Any]:
        installation.start_services()
        bench = await Bench.of(installation, connections=options.connections)
        made.append(bench)
        await bench.run(options.warm_up)
        return await bench.databases.server_settings()

    async def flood() -> dict[str, Any]:
        found = await made[0].run(options.orders)
        ratio = found["orders_per_second"] / report.figures["baseline"]["orders_per_second"]
        report.keep("ratio", round(ratio, 3))
        _say(f"{found['orders_per_second']} orders per second, {ratio:.3f} of the baseline")
        return found

    async def steady() -> dict[str, Any]:
        capacity = report.figures["flood"]["orders_per_second"]
        return await made[0].steady(capacity, STEADY, seconds=options.seconds)

    async def replicas() -> dict[str, Any]:
        found = {}
        for number in options.replicas:
            _say(f"{number} replicas")
            installation.stop_services()
            installation.start_services(replicas=number)
            found[str(number)] = await made[0].run(options.orders)
            report.keep("replicas", found)
        return found

    async def close() -> None:
        await made[0].close()

    yield "baseline", "baseline", baseline
    yield "warming up", "servers", warm_up
    yield "flood", "flood", flood
    if options.seconds:
        yield "steady loads", "steady", steady
    yield "promises", "promises", lambda: _promises(installation)
    if options.rows:
        yield "growing history", "flat", lambda: made[0].flat(options.rows, options.orders)
    yield "replicas", "replicas", replicas
    yield "end", "", close


async def _promises(installation: Installation) -> dict[str, Any]:
    """Check the promises of any run from outside: nothing lost, nothing duplicated.

    Checks that could not run are listed beside broken promises; the figures are kept.
    """
    checked: dict[str, int] = {}
    broken: dict[str, list[str]] = {}
    not_checked: dict[str, str] = {}
    async with Outside.of(installation.environment) as outside:
        try:
            await settled(outside)
        except NotSettled as problem:
            not_checked["settled"] = str(problem)
        for id_ in known():
            try:
                [verdict] = await check_all(outside, id_)
            except OBSERVER_TROUBLE as problem:
                not_checked[id_] = f"{type(problem).__name__}: {problem}"
                continue
            checked[id_] = verdict.looked_at
            if verdict.violations:
                broken[id_] = [str(found) for found in verdict.violations[:3]]
    return {"checked": checked, "broken": broken, "not_checked": not_checked}


def _machine() -> dict[str, Any]:
    return {
        "cores": psutil.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "python": platform.python_version(),
        "load_average_before": psutil.getloadavg()[0],
    }


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",") if part]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--orders", type=int, default=3000, help="orders in a flood")
    parser.add_argument("--warm-up", type=int, default=300)
    parser.add_argument("--connections", type=int, default=64, help="buyers at once in a flood")
    parser.add_argument(
        "--seconds", type=float, default=20, help="length of each steady load; 0 leaves them out"
    )
    parser.add_argument("--rows", type=_numbers, default=[], help="finished orders behind further floods")
    parser.add_argument("--replicas", type=_numbers, default=[], help="processes of each service")
    parser.add_argument("--gateway-ms", type=float, default=20, help="the card gateway's own time")
    parser.add_argument("--yardstick", type=Path, help="folder of a pipeline to compare with")
    parser.add_argument("--smoke", action="store_true")
    options = parser.parse_args()
    if options.smoke:
        options.orders, options.warm_up, options.seconds = 60, 20, 3
    return options


def main() -> int:
    """Run the command line; 1 if an order did not go all the way, a promise is broken or could not be checked."""
    options = _options()
    report = Report(
        FOLDER,
        what="orders from 注文確定 to money, parcel, points and mails",
        machine=_machine(),
        limits_lifted=list(NO_LIMITS),
    )
    try:
        asyncio.run(measure(options, report))
    except (Broken, CannotRun) as problem:
        _say(f"void: {problem}")
    finally:
        report.plot()
        print(report.text(), flush=True)
    for name in ("broken", "not_checked"):
        if found := report.figures.get("promises", {}).get(name):
            _say(f"{name}: {found}")
    return 0 if report.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
