"""Files are kept under keys of ours, whole or not at all; a folder and S3 behave alike."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Collection
from datetime import timedelta
from pathlib import Path

import pytest

from harness.eventually import eventually
from harness.object_store import KEYS
from shared.clock import clock, real_time
from shared.errors import TryAgain
from shared.files.location import Location
from shared.files.store import KEEPING_MAX, PART_BYTES, FileMissing, Files
from shared.files.sweep import sweep

LARGE = bytes(range(256)) * (2 * PART_BYTES // 256) + b"end"


async def stream(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def content(files: Files, key: str) -> bytes:
    return b"".join([chunk async for chunk in files.read(key)])


def written(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def keys(files: Files, kind: str = "pictures") -> list[str]:
    after = real_time() + timedelta(hours=1)
    return [key async for found in files.keys_before(kind, after) for key in found]


@pytest.mark.parametrize("chunks", [(), (b"a",), (LARGE[:100], LARGE[100:])], ids=["empty", "small", "large"])
async def test_what_is_kept_is_read_as_it_was(files: Files, chunks: tuple[bytes, ...]) -> None:
    whole = b"".join(chunks)
    kept = await files.keep("pictures", stream(*chunks))
    assert (kept.size, kept.sha256) == (len(whole), hashlib.sha256(whole).hexdigest())
    assert await content(files, kept.key) == whole
    assert await files.size(kept.key) == len(whole)


async def test_a_file_is_opened_at_any_place(files: Files) -> None:
    kept = await files.keep("pictures", stream(LARGE))
    file = await files.open(kept.key)
    await file.seek(len(LARGE) - 3)
    assert bytes(await file.read(10)) == b"end"
    file.close()


async def test_every_file_has_a_key_of_its_own(files: Files) -> None:
    kept = [await files.keep("pictures", stream(b"same")) for _ in range(2)]
    assert kept[0].key != kept[1].key
    assert sorted(await keys(files)) == sorted(one.key for one in kept)


@pytest.mark.parametrize(
    "key", ["../secret", "pictures/../../etc/passwd", "/etc/passwd", "pictures/a.jpg", "pictures/"]
)
async def test_only_a_key_of_ours_is_a_key(files: Files, key: str) -> None:
    with pytest.raises(ValueError, match="not a key"):
        await files.size(key)


@pytest.mark.parametrize("kind", ["", "Pictures", "a/b", "..", "絵"])
async def test_a_kind_is_a_word_of_the_code(files: Files, kind: str) -> None:
    with pytest.raises(ValueError, match="kind"):
        await files.keep(kind, stream(b"a"))


async def test_a_deleted_file_is_missing_and_deleted_again(files: Files) -> None:
    kept = await files.keep("pictures", stream(b"a"))
    await files.delete([kept.key])
    await files.delete([kept.key])
    for ask in (files.size, files.open, lambda key: content(files, key)):
        with pytest.raises(FileMissing):
            await ask(kept.key)


async def test_a_stream_that_breaks_off_leaves_nothing(files: Files, tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield LARGE
        raise ConnectionResetError("gone")

    with pytest.raises(ConnectionResetError):
        await files.keep("pictures", broken())
    assert await keys(files) == []
    assert written(tmp_path) == []


async def test_a_file_is_not_seen_before_it_is_whole(files: Files) -> None:
    half, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield LARGE
        half.set()
        await go_on.wait()
        yield b"rest"

    keeping = asyncio.ensure_future(files.keep("pictures", slow()))
    await half.wait()
    assert await keys(files) == []
    go_on.set()
    kept = await keeping
    assert (kept.size, await keys(files)) == (len(LARGE) + 4, [kept.key])


async def test_only_a_few_files_are_kept_at_once(files: Files) -> None:
    begun, go_on = 0, asyncio.Event()

    async def waiting() -> AsyncIterator[bytes]:
        nonlocal begun
        begun += 1
        yield b"a"
        await go_on.wait()

    keeping = [asyncio.ensure_future(files.keep("pictures", waiting())) for _ in range(KEEPING_MAX + 3)]
    await eventually(lambda: begun == KEEPING_MAX)
    await content_of_another(files)
    assert begun == KEEPING_MAX
    go_on.set()
    assert len({(await one).key for one in keeping}) == KEEPING_MAX + 3


async def content_of_another(files: Files) -> None:
    """Go to the store and back: whoever could begin has begun."""
    with pytest.raises(FileMissing):
        await files.size("pictures/01890a5d-ac96-774b-bcce-b302099a8057")


async def test_services_in_one_place_do_not_see_each_other(location: Location) -> None:
    ours, theirs = (Files(location.store(name, *KEYS)) for name in ("checkout", "members"))
    kept = await ours.keep("pictures", stream(b"a"))
    assert await keys(theirs) == []
    with pytest.raises(FileMissing):
        await theirs.size(kept.key)


async def test_the_sweep_removes_what_no_row_names(files: Files) -> None:
    named, unnamed = [(await files.keep("pictures", stream(b"a"))).key for _ in range(2)]
    papers = (await files.keep("papers", stream(b"a"))).key

    async def ask(asked: Collection[str]) -> Collection[str]:
        return {named} & set(asked)

    assert await sweep(files, "pictures", ask, unnamed_for=timedelta(seconds=-5)) == 1
    assert await keys(files) == [named]
    assert await keys(files, "papers") == [papers]
    assert unnamed != named


async def test_the_sweep_leaves_young_files_wherever_the_clock_is(files: Files) -> None:
    kept = await files.keep("pictures", stream(b"a"))
    clock.move(timedelta(days=6))

    async def none(asked: Collection[str]) -> Collection[str]:
        return []

    assert await sweep(files, "pictures", none) == 0
    assert await content(files, kept.key) == b"a"


async def test_the_sweep_asks_about_all_files(files: Files) -> None:
    for _ in range(3):
        await files.keep("pictures", stream(b"a"))
    asked: list[str] = []

    async def note(keys: Collection[str]) -> Collection[str]:
        asked.extend(keys)
        return keys

    assert await sweep(files, "pictures", note, unnamed_for=timedelta(seconds=-5)) == 0
    assert sorted(asked) == sorted(await keys(files))


async def test_the_sweep_removes_what_a_dead_process_left(tmp_path: Path) -> None:
    files = Files(Location.read(f"file://{tmp_path}").store("checkout", None, None))
    kept = await files.keep("pictures", stream(b"a"))
    left = tmp_path / "checkout" / f"{kept.key}#1"
    left.write_bytes(b"half")
    assert await keys(files) == [kept.key]

    async def all_of_them(asked: Collection[str]) -> Collection[str]:
        return asked

    await sweep(files, "pictures", all_of_them)
    assert left.exists()
    await sweep(files, "pictures", all_of_them, unnamed_for=timedelta(seconds=-5))
    assert not left.exists()
    assert await content(files, kept.key) == b"a"


async def test_a_store_that_is_away_is_tried_again() -> None:
    files = Files(Location.read("s3://b?endpoint=http://127.0.0.1:9").store("checkout", *KEYS))
    for ask in (
        files.keep("pictures", stream(b"a")),
        files.size("pictures/01890a5d-ac96-774b-bcce-b302099a8057"),
    ):
        with pytest.raises(TryAgain):
            await ask
