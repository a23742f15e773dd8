"""The benchmark runs to its end and tells what it measured. What it measures here means nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.native.site import REPOSITORY


@pytest.mark.processes
def test_a_short_run_takes_every_order_through_and_reports_all(tmp_path: Path) -> None:
    # Beside the installation of the tests.
    shift = (int(os.environ.get("TEST_PORT_SHIFT", "3000")) + 1000) % 8000
    own = {"BENCH_FOLDER": str(tmp_path), "PYTHONPATH": str(REPOSITORY), "NOREN_PORT_SHIFT": str(shift)}
    run = subprocess.run(
        [sys.executable, "-m", "bench", "--smoke"],
        cwd=REPOSITORY,
        env={**os.environ, **own},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    report = json.loads(run.stdout)
    assert report["flood"]["orders"] == 60
    assert report["flood"]["mails"] == 120
    assert report["ratio"] > 0
    assert "GUEST_PIECES_MAX" in report["limits_lifted"]
    assert set(report["steady"]) == {"10%", "50%", "80%"}
    assert {"checkout", "payments", "members", "notifications", "postgres", "rabbitmq"} <= set(
        report["flood"]["cpu_ms_per_order"]
    )
    assert report["promises"]["broken"] == {}
    assert report["promises"]["checked"]["M1"] >= 60
    assert (tmp_path / "plot.svg").read_text(encoding="utf-8").lstrip().startswith("<?xml")
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8")) == report
