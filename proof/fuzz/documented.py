"""Every documented operation, by Schemathesis: all its checks, each role by itself.

One run of its command line is one service and one role, so that what fails can be run again as it stands.
"""

import asyncio
import json
import os
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proof.fuzz.exceptions import EXCEPTIONS
from proof.fuzz.findings import Finding, Part
from proof.fuzz.roles import Role

REPOSITORY = Path(__file__).resolve().parents[2]
REQUEST_SECONDS_MAX = 30
# Printed before each operation's failures, and before each failure.
_HEADING = re.compile(r"_{3,} (.+?) _{3,}")
_BLOCK = re.compile(r"^(_{3,} .+? _{3,})$|^\d+\. (?=Test Case ID)", re.MULTILINE)


@dataclass(frozen=True)
class Wanted:
    """How much of it: ``examples`` for each operation, from ``seed``."""

    examples: int
    seed: int


async def fuzz_documented(service: str, url: str, role: Role, *, origin: str, wanted: Wanted) -> Part:
    """Fuzz the operations of one service in one role. Raises RuntimeError if Schemathesis itself fails."""
    document = REPOSITORY / "docs" / "openapi" / f"{service}.json"
    if not json.loads(document.read_text(encoding="utf-8"))["paths"]:
        return Part(f"documented/{service}", role.name, 0, [])
    with tempfile.TemporaryDirectory() as folder:
        report, config = Path(folder) / "report.json", Path(folder) / "schemathesis.toml"
        config.write_text(configuration(), encoding="utf-8")
        command = _command(document, url, role, origin, wanted, config, report)
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            env=os.environ | {"SCHEMATHESIS_HOOKS": "proof.fuzz.hooks", "PYTHONPATH": str(REPOSITORY)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        said = output.decode(errors="replace")
        if not report.exists():
            raise RuntimeError(f"schemathesis: {said[-2000:]}")
        told = json.loads(report.read_text(encoding="utf-8"))
    return Part(f"documented/{service}", role.name, told["test_cases"]["generated"], findings(told, said))


def _command(
    document: Path, url: str, role: Role, origin: str, wanted: Wanted, config: Path, report: Path
) -> Sequence[str]:
    cookies = ["-H", f"Cookie: {role.cookie_header}"] if role.cookies else []
    return [
        str(Path(sys.executable).parent / "schemathesis"),
        *("--config-file", str(config)),
        # No --checks: all are on, and an option would outdo what the configuration says of single operations.
        *("run", str(document), "-u", url),
        *("-n", str(wanted.examples), "--seed", str(wanted.seed), "--continue-on-failure"),
        *("-H", f"Origin: {origin}", *cookies),
        # The cookie comes from us, not from the generator; ignored_auth takes it away by itself.
        *("--generation-with-security-parameters", "false"),
        # A NUL is refused as 400 everywhere, which no JSON Schema can say; proof/fuzz/wishes.py sends them.
        *("--generation-allow-x00", "false", "--generation-database", "none"),
        *("--request-timeout", str(REQUEST_SECONDS_MAX), "--suppress-health-check", "all"),
        *("--output-sanitize", "false", "--warnings", "off", "--no-color"),
        *("--report", "json", "--report-json-path", str(report)),
    ]


def configuration() -> str:
    """Return the exceptions as a configuration file of Schemathesis."""
    lines: list[str] = []
    # Those for all come first: what follows the head of an operation belongs to it.
    for one in sorted(EXCEPTIONS, key=lambda one: one.operation):
        lines += [f"# {one.reason}"]
        if one.operation:
            lines += ["[[operations]]", f'include-name = "{one.operation}"']
        lines += [f"checks.{one.check}.enabled = false", ""]
    return "\n".join(lines)


def findings(told: Mapping[str, Any], said: str) -> list[Finding]:
    """Read what failed: each failure with its command out of what Schemathesis printed, errors of its own too.

    The report counts, and only the printed text has the command; what one has and the other lacks is kept.
    """
    found: list[Finding] = []
    where = ""
    for block in filter(None, _BLOCK.split(said.partition(" FAILURES ")[2].partition(" SUMMARY ")[0])):
        if heading := _HEADING.fullmatch(block.strip()):
            where = heading[1]
        elif block.startswith("Test Case ID"):
            what, _, again = block.partition("Reproduce with:")
            found.append(
                Finding(where, " ".join(what.split())[:800], again.split("st replay")[0].strip()[:3000])
            )
    for failure in told["failures"]:
        if not any(failure["code"] in one.what for one in found):
            found.append(
                Finding(", ".join(failure["operations"]), f"{failure['code']} {failure['title']}", "")
            )
    return found + [Finding("schemathesis", str(error)[:600], "") for error in told["errors"]]
