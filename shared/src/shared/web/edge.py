"""The HTTP edge of every service: one pure ASGI layer, outermost, run for each request.

HEAD is answered as GET without the body (RFC 9110 §9.3.2). The edge works in this order:

- set a request id and the trace of the request, its own or a new one
- refuse bytes that cannot be text (NUL, bad UTF-8)
- refuse requests of other sites (cross-site request forgery, by Sec-Fetch-Site and Origin)
- refuse bodies that are too big or too slow
- set security headers on every answer
- answer an unknown error with a page that has the request id, and log the cause

If the database is unavailable or overloaded, the answer is 503 with Retry-After: the same request may be sent again.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.cause import Cause, following, new_trace, read_traceparent
from shared.database.transient import is_transient
from shared.ids import new_id
from shared.web.bodies import ClientGone, Upload, not_text, problem_in, read_all, replay
from shared.web.problems import Problem, answer
from shared.web.session import STAFF_RENEWAL

BODY_BYTES_MAX = 1024 * 1024
# Path and query. Noren's longest address names the orders to print.
ADDRESS_BYTES_MAX = 32 * 1024
# A form of fields (application/x-www-form-urlencoded); more than twice the longest text that a desk form takes.
FORM_BYTES_MAX = 128 * 1024
FORM = "application/x-www-form-urlencoded"
BODY_SECONDS_MAX = 20.0
# The paths of uploads: a body of many parts (multipart/form-data) may have 20 MB there, and more time for a slow line.
# The renewal of staff's rights is one of them, because it repeats the form with its files. deploy/caddy/Caddyfile has
# the same paths.
UPLOAD_SUFFIX = "/upload"
UPLOAD_BYTES_MAX = 20 * 1024 * 1024
UPLOAD_SECONDS_MAX = 60.0
RETRY_AFTER_SECONDS = 2
EXPORT = "/export.csv"
"""The end of the path of a desk list's file (shared.web.lists)."""
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")

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
        """Return the Content-Security-Policy. It forbids inline code, other origins, and frames around our pages."""

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


def takes_uploads(path: str) -> bool:
    """Return whether this request may upload files."""
    return path.endswith(UPLOAD_SUFFIX) or path == STAFF_RENEWAL


@dataclass(frozen=True)
class EdgeRules:
    """The requests that this service's edge accepts.

    `origin` is ORIGIN_URL. `csrf_exempt` are path prefixes that providers post to (they prove themselves by
    signature). A body may have 1 MB, a form of fields 128 kB, and an upload 20 MB: multipart/form-data at a path that
    ends in `/upload`.
    """

    origin: str
    secure: bool
    content_security: ContentSecurity = ContentSecurity()
    csrf_exempt: Sequence[str] = ()

    def is_of_provider(self, path: str) -> bool:
        """Return whether the path is for a provider's notices. The provider's signature covers the received bytes."""
        return path.startswith(tuple(self.csrf_exempt))

    def body_bytes_max(self, path: str, kind: str) -> int:
        """Return how many bytes a body of the content type ``kind`` may have here."""
        if kind == "multipart/form-data" and takes_uploads(path):
            return UPLOAD_BYTES_MAX
        return FORM_BYTES_MAX if kind == FORM and not self.is_of_provider(path) else BODY_BYTES_MAX

    def allows_origin(self, scope: Scope, headers: Headers) -> bool:
        """Return whether a request with an effect comes from our own pages, or from a program without cookies.

        Browsers report it in Sec-Fetch-Site and Origin. Origin must be ours or the requested host. An export is
        recorded as a deed of the member of staff, so another site must not trigger it.
        """
        if scope["path"].endswith(EXPORT) and headers.get("sec-fetch-site") in ("cross-site", "same-site"):
            return False
        if scope["method"] in _SAFE_METHODS or self.is_of_provider(scope["path"]):
            return True
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        if site is not None and site not in ("same-origin", "none"):
            return False
        if origin is not None:
            asked = f"{'https' if self.secure else 'http'}://{headers.get('host', '')}"
            return origin in (self.origin.rstrip("/"), asked)
        return site is not None or "cookie" not in headers


class Edge:
    """The middleware, which `install_web` adds. The module's docstring describes it."""

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
        body = receive
        only_head = scope["method"] == "HEAD"
        if only_head:
            scope = {**scope, "method": "GET"}

        async def send_stamped(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                if isinstance(body, Upload):
                    await body.drain()
                self._stamp(MutableHeaders(scope=message), request_id)
            elif only_head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        cause = Cause(traceparent=read_traceparent(headers.get("traceparent")) or new_trace())
        with structlog.contextvars.bound_contextvars(request_id=request_id), following(cause):
            try:
                problem, body = await self._examine(scope, headers, receive)
                if problem is None:
                    await self.app(scope, body, send_stamped)
                    return
            except ClientGone:
                return
            except Exception as error:
                about = {"error": type(error).__name__, "method": scope["method"], "path": scope["path"]}
                if is_transient(error) and not started:
                    log.warning("http.database_unavailable", **about)
                    problem = Problem(503, "busy", headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
                else:
                    log.exception("http.failed", **about)
                    if started:
                        raise
                    problem = Problem(500, "internal")
            response = await answer(Request(scope), problem)
            await response(scope, receive, send_stamped)

    def _stamp(self, headers: MutableHeaders, request_id: str) -> None:
        """Add the security headers that the answer does not have yet. A mail preview, which may be framed, has its own.

        Browsers and caches may store nothing without permission. A page that a link opens without a cookie can be as
        personal as a page after a login.
        """
        for name, value in self._headers.items():
            headers.setdefault(name, value)
        headers["x-request-id"] = request_id
        headers.setdefault("cache-control", "no-store")

    async def _examine(
        self, scope: Scope, headers: Headers, receive: Receive
    ) -> tuple[Problem | None, Receive]:
        """Return the reason to refuse, if any, and the receive channel for the app."""
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > ADDRESS_BYTES_MAX:
            return Problem(414, "address_too_long"), receive
        if (
            not_text(scope.get("raw_path") or b"")
            or not_text(scope["query_string"])
            or "\x00" in scope["path"]
        ):
            return Problem(400, "not_text"), receive
        if not self.rules.allows_origin(scope, headers):
            return Problem(403, "cross_site"), receive
        if scope["method"] in _SAFE_METHODS:
            return None, receive
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        in_parts = kind == "multipart/form-data"
        limit = self.rules.body_bytes_max(scope["path"], kind)
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > limit:
            return Problem(413, "too_large"), receive
        if in_parts:
            return None, Upload(receive, limit, seconds_max=UPLOAD_SECONDS_MAX)
        try:
            async with asyncio.timeout(BODY_SECONDS_MAX):
                body = await read_all(receive, limit)
        except TimeoutError:
            return Problem(408, "too_slow"), receive
        if body is None:
            return Problem(413, "too_large"), receive
        # A provider's notice is accepted with any text, because its other fields are not read.
        problem = None if self.rules.is_of_provider(scope["path"]) else problem_in(kind, body)
        if problem is not None:
            return problem, receive
        return None, replay(body, receive)
