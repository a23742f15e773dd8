"""A short piece of `make chaos` on the installation of the tests, always the same.

What needs a second replica or the fault proxy is left to the long form; kills of processes, broker and database
have tests of their own. Here messages come twice, in another order, poisoned, malformed and from the future.
"""

import io

import pytest
from rich.console import Console

from proof.chaos.faults import chosen
from proof.chaos.report import Report
from proof.chaos.run import Run
from proof.chaos.stage import Stage as ChaosStage
from proof.load import Load
from proof.observers import Outside
from tests.journeys.stack import Stack

SEED, RATE, SECONDS = 20261122, 2.0, 12.0
PAUSE_SECONDS = (0.2, 0.5)


@pytest.mark.broker
async def test_strange_messages_under_load_lose_and_double_nothing(
    stack: Stack, outside: Outside, load: Load
) -> None:
    stage = ChaosStage(stack.native, replicas=1)
    faults = chosen(["F21", "F22", "F24", "F25", "F26"])
    report, said = Report(SEED, "", faults, {}), io.StringIO()
    run = Run(
        stage,
        report,
        Console(file=said),
        faults,
        rate=RATE,
        seconds=SECONDS,
        round_seconds=SECONDS,
        pause_seconds=PAUSE_SECONDS,
    )

    try:
        await run.play(outside, load, SECONDS)
    finally:
        await stage.remove_forged()
        await stage.client.aclose()

    assert report.good, said.getvalue() + str(report.as_json())
    assert report.injections
    assert report.accounts is not None
    assert report.accounts.acknowledged > 0
