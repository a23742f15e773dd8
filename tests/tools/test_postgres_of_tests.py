"""A test run that is ended from outside leaves no PostgreSQL behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from harness.eventually import eventually

RUN = """
import sys
from harness.postgres import server
with server() as address:
    print(address, flush=True)
    sys.stdin.read()
"""


@pytest.mark.database
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
async def test_a_run_that_is_killed_leaves_no_server_behind(how: signal.Signals) -> None:
    paths = os.pathsep.join(path for path in sys.path if path)
    run = subprocess.Popen(  # noqa: ASYNC220 - it starts once
        [sys.executable, "-c", RUN],
        env=os.environ | {"PYTHONPATH": paths},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert run.stdout is not None
    data = Path(run.stdout.readline().split("host=")[1].strip())
    postmaster = psutil.Process(int((data / "postmaster.pid").read_text().split()[0]))

    run.send_signal(how)
    run.communicate()

    def gone() -> None:
        assert not postmaster.is_running()
        assert not data.exists()

    await eventually(gone, seconds=30)
