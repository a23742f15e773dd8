"""The HTTP edge of every service: one pure ASGI layer, outermost, run for each request.

In order: a request id; refuse what cannot be text (NUL, bad UTF-8), what comes from another site
(reliability.md §4 "Sessions, CSRF") and what is too big or too slow; security headers on every answer; and
for an unknown error a page with the request id, while the cause goes to the log.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes, urlsplit

import orjson
import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.ids import new_id
from shared.web.problems import Problem, answer

BODY_BYTES_MAX = 1024 * 1024
BODY_SECONDS_MAX = 20.0
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
_JSON_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_JSON_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class ContentSecurity:
    """Origins beyond our own that pages may use, such as `https://static-fe.payments-amazon.com`.

    A form that answers with a redirect to a provider needs that provider in `form_action`: browsers apply the
    rule to the redirect too.
    """

    form_action: Sequence[str] = ()
    script: Sequence[str] = ()
    style: Sequence[str] = ()
    image: Sequence[str] = ()
    connect: Sequence[str] = ()
    frame: Sequence[str] = ()

    def header(self) -> str:
        """The Content-Security-Policy: nothing inline, nothing from elsewhere, nobody may frame us."""

        def own(*more: str) -> str:
            return " ".join(("'self'", *more))

        return "; ".join(
            (
                "default-src 'none'",
                f"script-src {own(*self.script)}",
                f"style-src {own(*self.style)}",
                f"img-src {own('data:', *self.image)}",
                f"connect-src {own(*self.connect)}",
                f"form-action {own(*self.form_action)}",
                f"frame-src {own(*self.frame)}",
                "font-src 'self'",
                "manifest-src 'self'",
                "base-uri 'none'",
                "object-src 'none'",
                "frame-ancestors 'none'",
            )
        )


@dataclass(frozen=True)
class EdgeRules:
    """What this service's edge lets through.

    `origin` is ORIGIN_URL. `csrf_exempt` are path prefixes that providers post to (they prove themselves by
    signature). `body_bytes_max` gives path prefixes a limit other than 1 MB, as for CSV files.
    """

    origin: str
    secure: bool
    content_security: ContentSecurity = ContentSecurity()
    csrf_exempt: Sequence[str] = ()
    body_bytes_max: Mapping[str, int] = field(default_factory=dict)

    def limit_for(self, path: str) -> int:
        limits = [limit for prefix, limit in self.body_bytes_max.items() if path.startswith(prefix)]
        return max(limits, default=BODY_BYTES_MAX)

    def allows_origin(self, scope: Scope, headers: Headers) -> bool:
        """Whether a request with an effect comes from our own pages, or from a program without cookies.

        Browsers say so in Sec-Fetch-Site, and in Origin, which must be ours or name the host that was asked.
        """
        if scope["method"] in _SAFE_METHODS or scope["path"].startswith(tuple(self.csrf_exempt)):
            return True
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        if site is not None and site not in ("same-origin", "none"):
            return False
        if origin is not None:
            return origin == self.origin.rstrip("/") or urlsplit(origin).netloc == headers.get("host", "")
        return site is not None or "cookie" not in headers


class Edge:
    """The middleware itself; `install_web` adds it. See the module's docstring for what it does."""

    def __init__(self, app: ASGIApp, *, rules: EdgeRules) -> None:
        self.app = app
        self.rules = rules
        self._headers = {
            "content-security-policy": rules.content_security.header(),
            "x-content-type-options": "nosniff",
            "x-frame-options": "DENY",
            "referrer-policy": "strict-origin-when-cross-origin",
            "cross-origin-opener-policy": "same-origin-allow-popups",
            "permissions-policy": "camera=(), geolocation=(), microphone=()",
        }
        if rules.secure:
            self._headers["strict-transport-security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        asked = headers.get("x-request-id", "")
        request_id = asked if _REQUEST_ID.fullmatch(asked) else str(new_id())
        scope.setdefault("state", {})["request_id"] = request_id
        started = False

        async def send_stamped(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                self._stamp(MutableHeaders(scope=message), request_id, cookies="cookie" in headers)
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                problem, body = await self._examine(scope, headers, receive)
                if problem is None:
                    await self.app(scope, body, send_stamped)
                    return
                log.info("http.refused", code=problem.code, method=scope["method"], path=scope["path"])
            except _Gone:
                return
            except Exception as error:
                log.exception(
                    "http.failed", error=type(error).__name__, method=scope["method"], path=scope["path"]
                )
                if started:
                    raise
                problem = Problem(500, "internal")
            response = await answer(Request(scope), problem)
            await response(scope, receive, send_stamped)

    def _stamp(self, headers: MutableHeaders, request_id: str, *, cookies: bool) -> None:
        """Security headers, unless the answer brings its own (a mail preview that may be framed)."""
        for name, value in self._headers.items():
            headers.setdefault(name, value)
        headers["x-request-id"] = request_id
        headers.setdefault("cache-control", "no-store" if cookies else "no-cache")

    async def _examine(
        self, scope: Scope, headers: Headers, receive: Receive
    ) -> tuple[Problem | None, Receive]:
        """The reason to refuse, if any, and the receive channel for the app."""
        if (
            _not_text(scope.get("raw_path") or b"")
            or _not_text(scope["query_string"])
            or "\x00" in scope["path"]
        ):
            return Problem(400, "not_text"), receive
        if not self.rules.allows_origin(scope, headers):
            return Problem(403, "cross_site"), receive
        if scope["method"] in _SAFE_METHODS:
            return None, receive
        limit = self.rules.limit_for(scope["path"])
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > limit:
            return Problem(413, "too_large"), receive
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "multipart/form-data":
            return None, _counted(receive, limit)
        try:
            async with asyncio.timeout(BODY_SECONDS_MAX):
                body = await _read_all(receive, limit)
        except TimeoutError:
            return Problem(408, "too_slow"), receive
        if body is None:
            return Problem(413, "too_large"), receive
        if (kind == "application/json" and _not_json_text(body)) or (
            kind == "application/x-www-form-urlencoded" and _not_text(body)
        ):
            return Problem(400, "not_text"), receive
        return None, _replay(body, receive)


class _Gone(Exception):
    """The client left before its body was complete; there is nobody to answer."""


def _not_text(encoded: bytes) -> bool:
    """Percent-encoded bytes that are not UTF-8, or hold a NUL, which PostgreSQL cannot store."""
    if encoded.isascii() and b"%" not in encoded and b"\x00" not in encoded:
        return False
    plain = unquote_to_bytes(encoded)
    try:
        plain.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return b"\x00" in plain


def _not_json_text(body: bytes) -> bool:
    """JSON with a NUL or half a surrogate pair in it: legal to write, impossible to store."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return True
    if b"\\u" not in body:
        return False
    if _JSON_NUL.search(body):
        return True
    if _JSON_SURROGATE.search(body):
        try:
            orjson.loads(body)
        except orjson.JSONDecodeError as error:
            return "surrogate" in str(error)
    return False


async def _read_all(receive: Receive, limit: int) -> bytes | None:
    """The whole body, or None if it grows beyond `limit` bytes."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Gone
        body += message.get("body", b"")
        if len(body) > limit:
            return None
        if not message.get("more_body", False):
            return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    given = False

    async def receive_again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again


def _counted(receive: Receive, limit: int) -> Receive:
    """Pass an upload through piece by piece, ending it with 413 when it grows beyond `limit`."""
    seen = 0

    async def receive_counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise HTTPException(413)
        return message

    return receive_counted
