"""The file store: bytes under a key, read and written as a stream. A file is complete or does not exist.

The store generates the key; typed text is never part of it. Store first, outside any transaction. Then commit the row
that names the key. `shared.files.sweep` deletes stored files that no row names.
"""

import asyncio
import hashlib
import os
import re
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import obstore
from anyio import to_thread
from obstore.exceptions import GenericError, JoinError
from obstore.store import LocalStore, S3Store

from shared.errors import TryAgain
from shared.ids import new_id

if TYPE_CHECKING:  # not there at run time
    from obstore import AsyncReadableFile

CHUNK_BYTES = 256 * 1024
# The smallest part that S3 accepts. A file that is being stored has two parts in memory: one is filled, one is sent.
# The number of such files is limited, so that a slow store does not fill the memory of a process.
PART_BYTES = 5 * 1024 * 1024
KEEPING_MAX = 4
_KIND = re.compile(r"[a-z][a-z_]{0,39}")
_KEY = re.compile(rf"{_KIND.pattern}/[0-9a-f-]{{36}}")


class FileMissing(Exception):
    """There is no file under this key."""


@dataclass(frozen=True)
class Kept:
    """The facts of a stored file: its key, its size in bytes and the SHA-256 of its content, in hexadecimal."""

    key: str
    size: int
    sha256: str


class Files:
    """The files of one service. ``store`` keeps them: a folder or S3, which behave alike.

    If the store is unavailable, every method raises TryAgain: a page answers 503, a message is retried.
    """

    def __init__(self, store: LocalStore | S3Store) -> None:
        self._store = store
        self._turn = asyncio.Semaphore(KEEPING_MAX)
        self._folder = Path(str(store.prefix)) if isinstance(store, LocalStore) else None

    async def keep(self, kind: str, content: AsyncIterator[bytes]) -> Kept:
        """Store ``content`` under a new key of ``kind`` (a word such as "pictures").

        Return the facts of the stored file.

        The file is stored completely or not at all: an error of ``content`` leaves nothing behind.
        """
        if not _KIND.fullmatch(kind):
            raise ValueError(f"a kind of files is one word in small letters, not {kind!r}")
        counted = _Counted(content)
        key = f"{kind}/{new_id()}"
        whole = counted.chunks()
        async with self._turn:
            with _away():
                await obstore.put_async(
                    self._store, key, whole, use_multipart=True, chunk_size=PART_BYTES, max_concurrency=1
                )
        if self._folder is not None:
            await to_thread.run_sync(_to_disk, self._folder / key)
        return Kept(key, counted.size, counted.sha256.hexdigest())

    async def read(self, key: str) -> AsyncIterator[bytes]:
        """Yield the content of ``key`` piece by piece. Raises FileMissing."""
        with _away(key):
            answer = await obstore.get_async(self._store, _checked(key))
            async for chunk in answer.stream(CHUNK_BYTES):
                yield bytes(chunk)

    async def open(self, key: str) -> "AsyncReadableFile":
        """Open ``key`` for reading at any position. Raises FileMissing."""
        with _away(key):
            return await obstore.open_reader_async(self._store, _checked(key), buffer_size=CHUNK_BYTES)

    async def size(self, key: str) -> int:
        """Return the bytes of ``key``. Raises FileMissing."""
        with _away(key):
            return (await obstore.head_async(self._store, _checked(key)))["size"]

    async def delete(self, keys: Collection[str]) -> None:
        """Delete the files under ``keys``. A missing file counts as deleted."""
        for key in keys:
            try:
                with _away():
                    await obstore.delete_async(self._store, _checked(key))
            except FileNotFoundError:
                continue

    async def keys_before(self, kind: str, moment: datetime) -> AsyncIterator[list[str]]:
        """Yield the keys of ``kind`` that were stored before ``moment``, in real time, some hundreds at a time."""
        with _away():
            async for found in obstore.list(self._store, f"{kind}/", chunk_size=500):
                yield [one["path"] for one in found if one["last_modified"] < moment]

    async def drop_half_written(self, moment: datetime) -> None:
        """Delete incomplete files that a dead process left before ``moment``.

        No key names them. In S3 a rule of the bucket does this (AbortIncompleteMultipartUpload).
        """
        if self._folder is not None:
            await to_thread.run_sync(_drop_half_written, self._folder, moment)

    def check(self) -> None:
        """Store and delete a test file, at the start of a process.

        Raises the error of obstore, which names the problem.
        """
        key = f"check/{new_id()}"
        obstore.put(self._store, key, b"noren")
        obstore.delete(self._store, key)


async def chunks(file: BinaryIO | Any) -> AsyncIterator[bytes]:
    """Yield the rest of an open file. A thread reads it, so that the event loop is not blocked."""
    while chunk := await to_thread.run_sync(file.read, CHUNK_BYTES):
        yield chunk


class _Counted:
    """A stream whose size and hash are computed while it is read."""

    def __init__(self, content: AsyncIterator[bytes]) -> None:
        self._content = content
        self.size = 0
        self.sha256 = hashlib.sha256()

    async def chunks(self) -> AsyncIterator[bytes]:
        async for chunk in self._content:
            self.size += len(chunk)
            self.sha256.update(chunk)
            yield chunk


@contextmanager
def _away(key: str | None = None) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        if key is None:
            raise
        raise FileMissing(key) from error
    except (GenericError, JoinError) as error:
        raise TryAgain(f"the store of files is away: {str(error).partition(chr(10))[0]}") from error


def _checked(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise ValueError(f"not a key of a file: {key!r}")
    return key


def _to_disk(file: Path) -> None:
    """Make a file and its folders durable before a row that names the file is committed.

    They then survive a power cut.
    """
    for path in (file, file.parent, file.parent.parent):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _drop_half_written(folder: Path, moment: datetime) -> None:
    # The library writes to `<key>#<n>` and then renames it. No key has this form.
    for path in folder.glob("*/*#*"):
        if path.stat().st_mtime < moment.timestamp():
            path.unlink(missing_ok=True)
