"""Style sheet, script and icons, kept in memory and served under `/static`.

`static_url` adds a hash of the content, and a request with the right hash may be cached for a year. During a rolling
upgrade an older replica may get a request with a newer hash. It serves its own file and forbids caching.
"""

import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

FOLDER = Path(__file__).parent / "static"


@dataclass(frozen=True)
class StaticFile:
    content: bytes
    media_type: str
    version: str


@cache
def static_files() -> dict[str, StaticFile]:
    """Return every file of the folder by its path in the folder. They are read once per process."""
    files = {}
    for path in sorted(FOLDER.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            content = path.read_bytes()
            media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            version = hashlib.sha256(content).hexdigest()[:12]
            files[path.relative_to(FOLDER).as_posix()] = StaticFile(content, media_type, version)
    return files


def static_url(name: str) -> str:
    """Return the address of a file with its version, as `/static/noren.css?v=…`. Raises KeyError for a missing file."""
    return f"/static/{name}?v={static_files()[name].version}"


async def static_app(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve the files, as the ASGI application at `/static`."""
    name = scope["path"].removeprefix(scope.get("root_path", "")).lstrip("/")
    file = static_files().get(name)
    if file is None or scope["type"] != "http":
        raise HTTPException(404)
    if scope["method"] not in ("GET", "HEAD"):
        raise HTTPException(405, headers={"Allow": "GET, HEAD"})
    asked = parse_qs(scope["query_string"].decode("latin-1")).get("v", [""])[0]
    cached = "public, max-age=31536000, immutable" if asked == file.version else "no-cache"
    etag = f'"{file.version}"'
    headers = {"cache-control": cached, "etag": etag}
    if dict(scope["headers"]).get(b"if-none-match", b"").decode("latin-1") == etag:
        await Response(status_code=304, headers=headers)(scope, receive, send)
        return
    content = b"" if scope["method"] == "HEAD" else file.content
    headers["content-length"] = str(len(file.content))
    await Response(content, headers=headers, media_type=file.media_type)(scope, receive, send)
