"""`make bench`: the full order under load, and the same servers under a baseline, in one JSON document.

    python -m bench [--orders N] [--seconds S] [--rows 1000,10000] [--replicas 1,2] [--yardstick FOLDER]
    python -m bench --smoke          # proves in a minute that it runs; its figures mean nothing

Progress goes to stderr, the document to stdout and to build/bench/report.json, a plot to build/bench/plot.svg.
"""

import argparse
import asyncio
import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

import psutil

from bench.installation import Installation
from bench.phases import Bench, Broken
from bench.plot import draw
from bench.yardstick import run_baseline, run_yardstick
from proof.observers import Outside
from proof.promises import check_all
from proof.settled import settled

FOLDER = Path(os.environ.get("BENCH_FOLDER", "build/bench"))
PORT_SHIFT = 4000
STEADY = (0.1, 0.5, 0.8)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Run all phases. Raises Broken if an order did not go all the way."""
    installation = Installation.at(PORT_SHIFT, gateway_delay_ms=options.gateway_ms)
    report: dict[str, Any] = {
        "what": "orders from 注文確定 to money, parcel, points and mails",
        "machine": _machine(),
    }
    try:
        _say("starting broker, databases and the four services")
        installation.start_infrastructure()
        _say("baseline")
        baseline_orders = options.orders * 2
        report["baseline"] = (
            await run_yardstick(options.yardstick, installation, orders=baseline_orders)
            if options.yardstick
            else await run_baseline(installation, orders=baseline_orders)
        )
        installation.start_services()
        bench = await Bench.of(installation, connections=options.connections)
        report["servers"] = await bench.databases.server_settings()
        await bench.run(options.warm_up)
        _say("flood")
        report["flood"] = await bench.run(options.orders)
        capacity = report["flood"]["orders_per_second"]
        report["ratio"] = round(capacity / report["baseline"]["orders_per_second"], 3)
        _say(f"{capacity} orders per second, {report['ratio']} of the baseline")
        if options.seconds:
            _say("steady loads")
            report["steady"] = await bench.steady(capacity, STEADY, seconds=options.seconds)
        report["promises"] = await _promises(installation)
        if options.rows:
            _say("growing history")
            report["flat"] = await bench.flat(options.rows, options.orders)
        report["replicas"] = {}
        for number in options.replicas:
            _say(f"{number} replicas")
            installation.stop_services()
            installation.start_services(replicas=number)
            report["replicas"][str(number)] = await bench.run(options.orders)
        await bench.close()
    finally:
        installation.stop()
    return report


async def _promises(installation: Installation) -> dict[str, Any]:
    """Check from outside what may be asked of any run: nothing lost, nothing doubled."""
    async with Outside.of(installation.environment) as outside:
        await settled(outside)
        verdicts = await check_all(outside)
    broken = {
        one.promise.id: [str(found) for found in one.violations[:3]] for one in verdicts if one.violations
    }
    return {"checked": {one.promise.id: one.looked_at for one in verdicts}, "broken": broken}


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
    """Run the command line; 1 if an order did not go all the way or a promise is broken."""
    options = _options()
    try:
        report = asyncio.run(measure(options))
    except Broken as problem:
        _say(f"void: {problem}")
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    text = json.dumps(report, indent=2, ensure_ascii=False)
    (FOLDER / "report.json").write_text(text + "\n", encoding="utf-8")
    draw(report, FOLDER / "plot.svg")
    print(text)
    if report["promises"]["broken"]:
        _say(f"broken: {report['promises']['broken']}")
    return 1 if report["promises"]["broken"] else 0


if __name__ == "__main__":
    sys.exit(main())
