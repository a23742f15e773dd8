"""Integration tests take a container where an engine answers; without one a native node, and the rest runs on.

What a container is like to the four services together is told by tests/journeys/test_compose_starts.py.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.native.site import REPOSITORY

IN_MEMORY = "tests/checkout/test_consumers_follow_payments.py"

pytestmark = [
    pytest.mark.processes,
    pytest.mark.feature("OPS-06", clause="without: tests in memory"),
]


def without_an_engine(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python where no `docker` is on the path and no engine answers."""
    kept = {name: value for name, value in os.environ.items() if name not in {"TEST_BROKER", "DOCKER_HOST"}}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=REPOSITORY,
        env=kept | {"PATH": str(folder), "DOCKER_HOST": f"unix://{folder}/nobody", "PYTHONPATH": "tests:."},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_a_native_node_is_taken_where_no_engine_answers(tmp_path: Path) -> None:
    asked = without_an_engine(
        tmp_path,
        "-c",
        "from harness.rabbitmq import make_broker; print(type(make_broker()).__name__)",
    )
    assert asked.stdout.split() == ["NativeBroker"], asked.stderr


def test_a_flow_on_the_in_memory_broker_runs_without_an_engine(tmp_path: Path) -> None:
    ran = without_an_engine(
        tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", IN_MEMORY, "-k", "wallet_order_runs"
    )
    assert ran.returncode == 0, ran.stdout
    assert "1 passed" in ran.stdout
