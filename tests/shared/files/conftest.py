"""A folder and an S3-compatible store, behind the same interface."""

import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from moto.server import ThreadedMotoServer

from harness.object_store import KEYS
from shared.files.location import Location
from shared.files.store import Files
from shared.ids import new_id


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """An S3-compatible server that is not of our library's making; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = ThreadedMotoServer("127.0.0.1", port, verbose=False)
    server.start()
    yield f"http://127.0.0.1:{port}"
    server.stop()


@pytest.fixture(params=["folder", "s3"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> Location:
    """A place to keep files, empty."""
    if request.param == "folder":
        return Location.read(f"file://{tmp_path}/a%20folder")
    endpoint, bucket = request.getfixturevalue("s3"), f"b-{new_id()}"
    httpx.put(f"{endpoint}/{bucket}", trust_env=False).raise_for_status()
    return Location.read(f"s3://{bucket}/noren?endpoint={endpoint}")


@pytest.fixture
def files(location: Location) -> Files:
    """The files of one service, in a folder and in S3."""
    return Files(location.store("checkout", *KEYS))
