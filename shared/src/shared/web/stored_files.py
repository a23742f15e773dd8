"""Sends a stored file, which a browser shows or saves and never executes.

The browser may not guess another type (nosniff). A sandbox policy prevents scripts and loading of other resources. Only
pictures are shown in place; everything else is saved under its display name.
"""

import os
import stat
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles

from shared.files.kinds import KINDS, FileKind
from shared.files.store import FileMissing, Files

if TYPE_CHECKING:  # not there at run time
    from obstore import AsyncReadableFile

_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
_conditional = StaticFiles(check_dir=False)


async def picture_answer(
    request: Request, files: Files, kinds: Mapping[str, FileKind], kind: str, file_id: UUID, *, name: str
) -> Response:
    """Answer with a public picture. ``kinds`` are the kinds under which such pictures are stored; others answer 404.

    Its address contains the key of the file, which cannot be guessed. ``name`` is the display name without a suffix.
    """
    found = kinds.get(kind)
    if found is None:
        raise HTTPException(404)
    return await file_answer(
        request,
        files,
        f"{kind}/{file_id}",
        media_type=found.media_type,
        name=f"{name}{found.suffixes[0]}",
        sha256=str(file_id),
        public=True,
    )


async def file_answer(
    request: Request,
    files: Files,
    key: str,
    *,
    media_type: str,
    name: str,
    sha256: str,
    public: bool = False,
) -> Response:
    """Answer with the file under ``key``, which a row describes. Conditional requests and ranges are supported.

    With ``public``, the address alone gives access. Caches may keep the file for a year, because another file has
    another key. Otherwise no cache keeps it. Answers 404 if the file no longer exists.
    """
    kind = KINDS.get(media_type)
    headers = {
        "etag": f'"{sha256}"',
        "cache-control": "public, max-age=31536000, immutable" if public else "private, no-cache",
        "content-security-policy": _POLICY,
        "x-content-type-options": "nosniff",
        "cross-origin-resource-policy": "same-origin",
    }
    try:
        file = await files.open(key)
    except FileMissing as error:
        raise HTTPException(404) from error
    answer = _StoredFile(
        file,
        headers=headers,
        media_type=media_type if kind else "application/octet-stream",
        filename=name,
        content_disposition_type="inline" if kind and kind.picture else "attachment",
    )
    if _conditional.is_not_modified(answer.headers, request.headers):
        file.close()
        return NotModifiedResponse(answer.headers)
    return answer


class _StoredFile(FileResponse):
    """Starlette's answer with a file and its ranges. It reads from the store instead of a path."""

    def __init__(self, file: "AsyncReadableFile", **more: Any) -> None:
        found = os.stat_result((stat.S_IFREG, 0, 0, 0, 0, 0, file.size, 0, 0, 0))
        super().__init__(path="", stat_result=found, **more)
        del self.headers["last-modified"]  # the ETag does the same
        self._file = file

    def _should_use_range(self, http_if_range: str) -> bool:
        return http_if_range == self.headers["etag"]

    @asynccontextmanager
    async def _open_file(self) -> AsyncIterator[Any]:
        try:
            yield _Bytes(self._file)
        finally:
            self._file.close()


class _Bytes:
    """A reader of the store for ASGI. It returns `bytes`, not the library's own buffer type."""

    def __init__(self, file: "AsyncReadableFile") -> None:
        self._file = file

    async def seek(self, offset: int) -> None:
        await self._file.seek(offset)

    async def read(self, size: int) -> bytes:
        return bytes(await self._file.read(size))
