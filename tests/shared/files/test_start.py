"""Settings of files are checked when a process starts."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr, ValidationError
from structlog.testing import capture_logs

from deploy.keys import make_keys
from shared.files.location import Location
from shared.process.file_store import open_files, prepare_files
from shared.process.settings import ServiceSettings


def settings(**more: Any) -> ServiceSettings:
    return ServiceSettings(database_url=SecretStr("postgresql://a"), amqp_url=SecretStr("amqp://a"), **more)


@pytest.fixture(autouse=True)
def temporary_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", tempfile.gettempdir())


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("/var/files", "neither file:/// nor s3://"),
        ("http://host/bucket", "neither file:/// nor s3://"),
        ("file://var/files", "file:///absolute/path"),
        ("file:///", "file:///absolute/path"),
        ("s3://", "s3://bucket"),
        ("s3://key:secret@bucket", "FILES_ACCESS_KEY"),
        ("s3://bucket?endpoint=https://key:secret@host", "without keys"),
        ("s3://bucket?endpoint=host", "https://host"),
        ("s3://bucket?access_key=a", "access_key"),
    ],
)
def test_an_address_that_is_none_is_refused_with_its_reason(address: str, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason) as refused:
        settings(files_url=address)
    assert "secret" not in str(refused.value)


def test_an_address_says_where_files_are() -> None:
    assert Location.read("file:///var/my%20files") == Location(folder=Path("/var/my files"))
    s3 = Location.read("s3://shop/a/b?endpoint=https://s3.example&region=jp-east")
    assert s3 == Location(bucket="shop", prefix="a/b", endpoint="https://s3.example", region="jp-east")


def test_a_service_that_keeps_files_needs_a_place_for_them() -> None:
    prepare_files("checkout", settings())
    with pytest.raises(SystemExit, match="FILES_URL is not set"):
        open_files("checkout", settings())


def test_a_process_tries_its_folder_before_it_begins(tmp_path: Path) -> None:
    prepare_files(
        "checkout", settings(files_url=f"file://{tmp_path}/kept", uploads_folder=tmp_path / "arriving")
    )
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    with tempfile.NamedTemporaryFile() as arriving:
        assert Path(arriving.name).parent == tmp_path / "arriving"


@pytest.mark.parametrize("setting", ["files_url", "uploads_folder"])
def test_a_folder_that_cannot_be_written_ends_the_start(tmp_path: Path, setting: str) -> None:
    (tmp_path / "a_file").touch()
    place = f"{'file://' if setting == 'files_url' else ''}{tmp_path}/a_file/below"
    with pytest.raises(SystemExit, match=f"{setting.upper()}=.*cannot be written"):
        prepare_files("checkout", settings(**{setting: place}))


def test_a_bucket_that_does_not_exist_ends_the_start(s3: str) -> None:
    with pytest.raises(SystemExit, match="cannot be written"):
        prepare_files(
            "checkout",
            settings(files_url=f"s3://nobodys?endpoint={s3}", files_access_key="a", files_secret_key="b"),
        )


def test_a_bucket_that_is_there_is_left_as_it_was(s3: str) -> None:
    httpx.put(f"{s3}/ours", trust_env=False).raise_for_status()
    prepare_files(
        "checkout", settings(files_url=f"s3://ours?endpoint={s3}", files_access_key="a", files_secret_key="b")
    )
    assert "<Key>" not in httpx.get(f"{s3}/ours", trust_env=False).text


def test_a_store_that_is_away_keeps_no_process_from_starting() -> None:
    address = "s3://shop?endpoint=http://127.0.0.1:9"
    with capture_logs() as told:
        prepare_files("checkout", settings(files_url=address, files_access_key="a", files_secret_key="b"))
    assert [(line["event"], line["address"]) for line in told] == [("files.store_away", address)]


def test_the_secret_is_in_no_text_of_the_settings() -> None:
    told = repr(settings(files_url="s3://shop", files_access_key="public", files_secret_key="hidden"))
    assert "hidden" not in told


def test_a_service_does_not_start_without_its_folder(tmp_path: Path) -> None:
    (tmp_path / "a_file").touch()
    keys = tmp_path / "keys"
    make_keys(keys, ["checkout"])
    started = subprocess.run(
        [sys.executable, "-m", "checkout", "web"],
        env={
            **os.environ,
            "SANDBOX": "true",
            "DATABASE_URL": "postgresql+asyncpg://a:b@127.0.0.1:9/a",
            "AMQP_URL": "amqp://a:b@127.0.0.1:9/",
            "SIGNING_KEY_FILE": str(keys / "checkout/signing.pem"),
            "TRUSTED_KEYS_FILE": str(keys / "trusted.json"),
            "FILES_URL": f"file://{tmp_path}/a_file/below",
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert started.returncode == 1
    assert "FILES_URL=" in started.stderr and "cannot be written" in started.stderr
