"""Many large uploads at once do not fill the memory of a process."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from harness.eventually import eventually
from harness.ports import free_port

pytestmark = pytest.mark.processes

UPLOADS, MEGABYTES, PIECE = 20, 20, b"0123456789abcde\n" * 62_500
GROWTH_MB_MAX = 150
FOLDER = Path(__file__).parents[2]


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[tuple[int, int]]:
    """The service in a process of its own; its id and port."""
    port = free_port()
    (tmp_path / "arriving").mkdir()
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "--factory",
        "--app-dir",
        str(FOLDER),
        "harness.upload_app:app",
    ]
    running = subprocess.Popen(  # noqa: ASYNC220 - it starts once
        [*command, "--port", str(port), "--log-level", "warning"],
        env={**os.environ, "UPLOAD_APP_FILES": f"{tmp_path}/kept", "TMPDIR": f"{tmp_path}/arriving"},
    )
    yield running.pid, port
    running.terminate()
    running.wait(10)


def memory_mb(pid: int, kind: str) -> int:
    """What a process uses ("VmRSS") or used at most ("VmHWM"), in MB."""
    found = re.search(rf"{kind}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) // 1024


async def send(client: httpx.AsyncClient) -> int:
    async def body() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="table"; filename="a.csv"\r\n\r\n'
        for _ in range(MEGABYTES):
            yield PIECE
        yield b"\r\n--b--\r\n"

    answer = await client.post(
        "/api/tables/upload", content=body(), headers={"Content-Type": "multipart/form-data; boundary=b"}
    )
    assert answer.status_code == 200, answer.text
    return int(answer.json()[0]["size"])


async def test_twenty_large_uploads_at_once_need_little_memory(server: tuple[int, int]) -> None:
    pid, port = server
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=120) as client:
        await eventually(lambda: client.get("/static/noren.css"), seconds=60)
        await send(client)
        before = memory_mb(pid, "VmRSS")
        sizes = await asyncio.gather(*(send(client) for _ in range(UPLOADS)))
        most = memory_mb(pid, "VmHWM")
    print(f"{UPLOADS} uploads of {MEGABYTES} MB at once: {before} MB before, {most} MB at most")  # noqa: T201
    assert sizes == [MEGABYTES * 1_000_000] * UPLOADS
    assert most - before < GROWTH_MB_MAX
