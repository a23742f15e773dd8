"""Files come in by forms, piece by piece, and leave again as files that nothing runs."""

import asyncio
import gc
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi.testclient import TestClient

from harness.eventually import eventually
from harness.sample_files import opened, photo, picture
from harness.upload_app import ORIGIN, make_app
from shared.files.location import Location
from shared.files.store import Files
from shared.web.head_timeout import HeadTimeoutProtocol

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 4
BOUNDARY = "multipart/form-data; boundary=b"


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(Location.read(f"file://{tmp_path}/kept").store("shop", None, None))


@pytest.fixture
def program(files: Files) -> TestClient:
    return TestClient(make_app(files), base_url=ORIGIN, follow_redirects=False)


def send(program: TestClient, path: str, *sent: tuple[str, tuple[str, bytes]], **more: Any) -> Any:
    return program.post(path, files=list(sent), **more)


def kept(program: TestClient, name: str, content: bytes, field: str = "papers") -> str:
    """The address of a file that was sent."""
    answer = send(
        program, f"/api/{field if field == 'papers' else 'pictures'}/upload", (field, (name, content))
    )
    assert answer.status_code == 200, answer.text
    return f"/files/{answer.json()[0]['key']}"


def test_several_files_arrive_as_they_were(program: TestClient) -> None:
    answer = send(program, "/api/papers/upload", ("papers", ("領収書.pdf", PDF)), ("papers", ("b.txt", b"b")))
    told = [(one["name"], one["type"], one["size"]) for one in answer.json()]
    assert told == [("領収書.pdf", "application/pdf", len(PDF)), ("b.txt", "text/plain", 1)]
    assert program.get(f"/files/{answer.json()[0]['key']}").content == PDF


@pytest.mark.parametrize(
    ("path", "sent", "status", "code", "detail"),
    [
        ("/api/pictures/upload", [], 422, "file_missing", "商品画像のファイルを選択してください"),
        ("/api/pictures/upload", [("a.png", b"")], 422, "file_empty", "商品画像のファイルが空です。選び直してください"),
        ("/api/pictures/upload", [("a.svg", b"<svg/>")], 422, "file_kind_refused", "使える形式：JPEG、PNG、WEBP、GIF"),
        ("/api/pictures/upload", [("a\u202e.png", b"a")], 422, "file_name_refused", "使用できない文字（U+202E）"),
        ("/api/pictures/upload", [("a.png", b"a" * 10_485_761)], 413, "file_too_large", "10MB以内"),
        ("/api/papers/upload", [("a.txt", b"a")] * 3, 422, "too_many_files", "添付ファイルは2件以内にしてください"),
    ],
)  # fmt: skip
def test_a_refusal_names_field_and_remedy(
    program: TestClient, path: str, sent: list[tuple[str, bytes]], status: int, code: str, detail: str
) -> None:
    field = "papers" if "papers" in path else "picture"
    answer = program.post(path, files=[(field, one) for one in sent], data={"other": "1"})
    problem = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert (problem["code"], problem["field"]) == (code, field)
    assert detail in problem["detail"]


def test_a_person_reads_the_refusal_on_a_page(program: TestClient) -> None:
    headers = {"Accept": "text/html", "Origin": ORIGIN}
    answer = send(program, "/pictures/upload", ("picture", ("a.html", b"<html>")), headers=headers)
    assert answer.status_code == 422
    assert "商品画像に使えないファイルです" in answer.text


@pytest.mark.parametrize(
    "body", [b"", b"--b", b"garbage", b"--b\r\nContent-Disposition: form-data\r\n\r\na\r\n--b--"]
)
def test_a_body_that_is_no_form_is_refused(program: TestClient, body: bytes) -> None:
    answer = program.post("/api/pictures/upload", content=body, headers={"Content-Type": BOUNDARY})
    assert answer.status_code in (400, 422)


def test_a_picture_is_shown_in_place_and_a_paper_is_saved(program: TestClient) -> None:
    shown = program.get(kept(program, "湯呑.jpg", photo(), "picture"))
    saved = program.get(kept(program, "領収書.pdf", PDF))
    assert shown.headers["content-type"] == "image/jpeg"
    assert shown.headers["content-disposition"] == "inline; filename*=utf-8''%E6%B9%AF%E5%91%91.jpg"
    assert (
        saved.headers["content-disposition"] == "attachment; filename*=utf-8''%E9%A0%98%E5%8F%8E%E6%9B%B8.pdf"
    )
    assert b"Secret" not in shown.content and opened(shown.content).size == (20, 40)


@pytest.mark.parametrize("name", ['a";x=".txt', "a'; b.txt", "a%22.txt"])
def test_a_name_cannot_add_to_the_header(program: TestClient, name: str) -> None:
    header = program.get(kept(program, name, b"a")).headers["content-disposition"]
    assert header.startswith("attachment; filename*=utf-8''a") and '"' not in header and " b" not in header


def test_what_is_served_runs_nothing(program: TestClient) -> None:
    headers = program.get(kept(program, "a.txt", b"alert(1)")).headers
    policy = headers["content-security-policy"].split("; ")
    assert "default-src 'none'" in policy and "sandbox" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"


def test_a_file_is_kept_by_caches_only_where_it_is_public(program: TestClient) -> None:
    address = kept(program, "a.txt", b"a")
    assert program.get(address).headers["cache-control"] == "private, no-cache"
    assert (
        program.get(f"{address}?public=1").headers["cache-control"] == "public, max-age=31536000, immutable"
    )


def test_who_has_the_file_is_not_sent_it_again(program: TestClient) -> None:
    address = kept(program, "a.pdf", PDF)
    etag = program.get(address).headers["etag"]
    again = program.get(address, headers={"If-None-Match": f'"other", {etag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert "content-security-policy" in again.headers
    assert program.get(address, headers={"If-None-Match": '"other"'}).content == PDF


@pytest.mark.parametrize(
    ("asked", "status", "start", "end"),
    [("bytes=0-3", 206, 0, 4), ("bytes=10-", 206, 10, None), ("bytes=-5", 206, -5, None), ("bytes=5-99999", 206, 5, None)],
)  # fmt: skip
def test_a_part_is_sent_where_a_part_is_asked_for(
    program: TestClient, asked: str, status: int, start: int, end: int | None
) -> None:
    answer = program.get(kept(program, "a.pdf", PDF), headers={"Range": asked})
    assert (answer.status_code, answer.content) == (status, PDF[start:end])
    assert answer.headers["content-range"].endswith(f"/{len(PDF)}")


def test_a_part_of_another_version_is_not_sent(program: TestClient) -> None:
    address = kept(program, "a.pdf", PDF)
    etag = program.get(address).headers["etag"]
    asked = {"Range": "bytes=0-3"}
    assert program.get(address, headers={**asked, "If-Range": etag}).status_code == 206
    assert program.get(address, headers={**asked, "If-Range": '"other"'}).content == PDF
    assert program.get(address, headers={"Range": "bytes=99999-"}).status_code == 416
    assert b"byteranges" not in program.get(address, headers={"Range": "bytes=0-1"}).content
    many = program.get(address, headers={"Range": "bytes=0-3,100-103"})
    assert many.status_code == 206 and PDF[100:104] in many.content


async def test_a_file_that_is_gone_is_not_found(program: TestClient, files: Files) -> None:
    address = kept(program, "a.txt", b"a")
    await files.delete([address.removeprefix("/files/")])
    assert program.get(address).status_code == 404


class Served:
    """The application on a port, as in production."""

    def __init__(self, app: Any) -> None:
        config = uvicorn.Config(app, port=0, http=HeadTimeoutProtocol, lifespan="off", log_level="error")
        self.server = uvicorn.Server(config)
        self._task = asyncio.create_task(self.server.serve())

    async def port(self) -> int:
        await eventually(lambda: self.server.started)
        return int(self.server.servers[0].sockets[0].getsockname()[1])

    async def stop(self) -> None:
        self.server.should_exit = True
        await self._task


@pytest.fixture
async def served(files: Files) -> AsyncIterator[int]:
    running = Served(make_app(files))
    yield await running.port()
    await running.stop()


@pytest.fixture
def arriving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of temporary files, watched; whatever opens one by itself is collected before."""
    folder = tmp_path / "arriving"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    gc.collect()
    gc.disable()
    yield folder
    gc.enable()


def open_in(folder: Path) -> list[str]:
    """What this process has open in ``folder``, deleted or not."""
    links = [Path("/proc/self/fd", number) for number in os.listdir("/proc/self/fd")]  # noqa: PTH208 - names are enough
    return [
        str(link.readlink()) for link in links if link.is_symlink() and str(folder) in str(link.readlink())
    ]


def written(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def head(path: str, length: int) -> bytes:
    lines = (
        f"POST {path} HTTP/1.1",
        "Host: shop.test",
        f"Content-Type: {BOUNDARY}",
        f"Content-Length: {length}",
    )
    return "\r\n".join((*lines, "", "")).encode()


PART = b'--b\r\nContent-Disposition: form-data; name="picture"; filename="a.png"\r\n\r\n'


async def test_an_upload_that_breaks_off_leaves_nothing(served: int, arriving: Path, tmp_path: Path) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", served)
    writer.write(head("/api/pictures/upload", 9_000_000) + PART + b"x" * 5_000_000)
    await writer.drain()
    await eventually(lambda: open_in(arriving) != [])
    writer.close()
    await eventually(lambda: open_in(arriving) == [])
    assert written(tmp_path) == []


@pytest.mark.parametrize(("kind", "name"), [("picture", "a.png"), ("picture", "a.exe"), ("papers", "a.pdf")])
def test_no_temporary_file_outlives_its_request(
    program: TestClient, arriving: Path, kind: str, name: str
) -> None:
    large = picture("PNG", (900, 900), mode="RGBA", compress_level=0)
    content = PDF * 2_000 if name == "a.pdf" else large
    path = f"/api/{'papers' if kind == 'papers' else 'pictures'}/upload"
    send(program, path, (kind, (name, content)), ("else", ("b", b"x" * 3_000_000)))
    assert open_in(arriving) == []


async def test_who_may_not_upload_hears_it_after_the_last_byte(served: int, arriving: Path) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", served)
    writer.write(head("/desk/pictures/upload", 9_000_000) + b"x" * 4_000_000)
    await writer.drain()
    answer = asyncio.ensure_future(reader.readline())
    assert await asyncio.wait({answer}, timeout=0.2) == (set(), {answer})
    writer.write(b"x" * 5_000_000)
    assert b" 401 " in await answer
    assert open_in(arriving) == []
    writer.close()
