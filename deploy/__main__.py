"""Run Noren on this machine: `python -m deploy COMMAND`. The Makefile has a line for each command.

DOCKER=1 selects containers, DOCKER=0 the native runtime. Without it, a running installation decides. Else the native
runtime is used if RabbitMQ, Caddy and Node.js are installed or can be installed. Else containers are used, if an
engine answers.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import sys
from pathlib import Path

from dotenv import load_dotenv

from deploy.containers import Containers, engine_answers
from deploy.native.develop import develop
from deploy.native.packages import can_install, missing_programs
from deploy.native.runtime import Native
from deploy.native.site import REPOSITORY, SERVICES, CannotRun, Site

UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def main() -> int:
    """Run the command line. A known problem is one line and exit code 1."""
    arguments = _parser().parse_args()
    # As compose does: what the environment says goes before what the file says.
    load_dotenv(REPOSITORY / ".env")
    try:
        site = Site.from_environment()
        runtime = choose(site)
        return run(runtime, arguments, site)
    except CannotRun as problem:
        print(f"noren: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def choose(site: Site) -> Native | Containers:
    """The runtime to use, by the rule at the head of this file."""
    wish = os.environ.get("DOCKER", "")
    if wish not in {"", "0", "1"}:
        raise CannotRun(f"DOCKER must be 0, 1 or unset, not {wish!r}")
    memory = _memory(site)
    remembered = memory.read_text() if memory.exists() else ""
    if wish == "1" or (wish == "" and remembered == Containers.name):
        return Containers()
    native = Native(site)
    if wish == "0" or remembered == Native.name or not missing_programs() or can_install():
        return native
    return Containers() if engine_answers() else native


def _memory(site: Site) -> Path:
    """The file that says which runtime is up, until it is down again."""
    return site.home / "runtime"


def _remember(memory: Path, runtime: Native | Containers) -> None:
    memory.parent.mkdir(parents=True, exist_ok=True)
    memory.write_text(runtime.name)


def run(runtime: Native | Containers, arguments: argparse.Namespace, site: Site) -> int:
    """Carry out one command."""
    memory = _memory(site)
    match arguments.command:
        case "setup" if arguments.tests:
            Native(site).set_up_tests()
        case "setup":
            runtime.set_up()
        case "up":
            _remember(memory, runtime)
            runtime.up(services=not arguments.infrastructure)
            _print_places(runtime)
        case "dev":
            if not isinstance(runtime, Native):
                raise CannotRun(
                    "make dev runs natively, and containers are up or wished for: make down, DOCKER=0"
                )
            _remember(memory, runtime)
            develop(runtime, arguments.service)
        case "places":
            _print_places(runtime)
        case "stop":
            runtime.stop()
        case "down":
            runtime.down()
            memory.unlink(missing_ok=True)
            print("Stopped; databases, queues, files, mails and the moved clock are deleted.")
        case "restart":
            runtime.restart(arguments.process)
        case "status":
            return _print_status(runtime)
        case "logs":
            runtime.follow_logs(arguments.process)
        case "migrate":
            runtime.migrate()
        case "topology":
            runtime.declare_topology()
        case "clock":
            _clock(runtime, arguments.move)
        case "settings":
            settings = Native(site).settings(arguments.process)
            print("\n".join(f"export {name}={shlex.quote(value)}" for name, value in settings.items()))
        case "run":
            return runtime.run_tool(arguments.arguments)
    return 0


def _clock(runtime: Native | Containers, move: str | None) -> None:
    offset = runtime.clock_offset_seconds()
    if move is not None:
        before, offset = offset, 0 if move == "0" else offset + parse_duration(move)
        runtime.move_clock(offset)
        if offset < before:
            # What comes round again was put off to a time that is now far ahead; a start puts it right.
            runtime.restart_services()
    days, seconds = divmod(offset, UNIT_SECONDS["d"])
    hours, minutes = seconds // 3600, seconds % 3600 // 60
    print("The shop's clock", f"is {days} d {hours} h {minutes} min ahead." if offset else "is real time.")


def parse_duration(text: str) -> int:
    """Seconds of a duration like +6d, +90m or +1d12h; raises CannotRun for anything else."""
    if not re.fullmatch(r"\+?(\d+[smhdw])+", text):
        raise CannotRun(f"{text!r} is no move of the clock: write +6d, +90m or +1d12h, or 0 for real time")
    return sum(int(number) * UNIT_SECONDS[unit] for number, unit in re.findall(r"(\d+)([smhdw])", text))


def _print_places(runtime: Native | Containers) -> None:
    width = max(len(name) for name, _ in runtime.places())
    for name, address in runtime.places():
        print(f"  {name:<{width}}  {address}")


def _print_status(runtime: Native | Containers) -> int:
    states = runtime.status()
    if not states:
        print("Nothing is running: make up")
        return 1
    width = max(len(name) for name, _ in states)
    for name, state in states:
        print(f"  {name:<{width}}  {state}")
    _clock(runtime, None)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    setup = commands.add_parser("setup", help="install what is missing")
    setup.add_argument("--tests", action="store_true", help="what the tests need, a browser too")
    up = commands.add_parser("up", help="start everything and wait until it is ready")
    up.add_argument("--infrastructure", action="store_true", help="only broker, databases and mail catcher")
    dev = commands.add_parser(
        "dev", help="run one service in this terminal, anew after each change of its code"
    )
    dev.add_argument("service", choices=SERVICES)
    commands.add_parser("places", help="the addresses worth opening, and how to log in there")
    commands.add_parser("stop", help="stop everything, keep the data")
    commands.add_parser("down", help="stop everything, delete the data")
    commands.add_parser("restart", help="restart one process").add_argument("process")
    commands.add_parser("status", help="what runs, and whether it is ready")
    commands.add_parser("logs", help="follow the logs").add_argument("process", nargs="?")
    commands.add_parser("migrate", help="bring the databases to the newest schema")
    commands.add_parser("topology", help="create broker users, declare exchanges and queues")
    commands.add_parser("clock", help="show or move the shop's clock").add_argument("move", nargs="?")
    settings = commands.add_parser("settings", help="the environment of a native process, for a shell")
    settings.add_argument("process")
    tool = commands.add_parser("run", help="run a Python module against the running system")
    tool.add_argument("arguments", nargs=argparse.REMAINDER)
    return parser


if __name__ == "__main__":
    sys.exit(main())
