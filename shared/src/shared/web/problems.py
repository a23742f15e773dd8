"""All error answers: a Japanese page for people, problem+json (RFC 9457) for programs.

Neither shows a stack trace or SQL. Both show the request id. The log has the cause under the same id.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import orjson
import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match

from shared.errors import Refused, TryAgain
from shared.web.field_messages import japanese_message
from shared.web.kept_form import kept_form
from shared.web.session import NOBODY, SignInNeeded, StaffLapsed, path_and_query, viewer_of

log = structlog.get_logger(__name__)

TITLES = {
    400: "送信内容を読み取れませんでした",
    401: "ログインが必要です",
    403: "この操作はできません",
    404: "ページが見つかりません",
    405: "この操作はできません",
    408: "通信に時間がかかりすぎました",
    409: "この操作は今はできません",
    410: "このページは終了しました",
    413: "送信されたデータが大きすぎます",
    414: "アドレスが長すぎます",
    415: "この形式のデータは受け付けていません",
    422: "入力内容を確認してください",
    429: "しばらく待ってからお試しください",
    500: "ただいま処理できませんでした",
    503: "ただいま混み合っています",
}
_ADVICE = {
    400: "前の画面に戻り、もう一度お試しください。",
    401: "ログインしてから、もう一度お試しください。",
    403: "この画面を開く権限がないか、別のサイトから送信されました。前の画面からやり直してください。",
    404: "お探しのページは移動または削除された可能性があります。",
    405: "前の画面に戻り、もう一度お試しください。",
    408: "電波の良い場所で、もう一度お試しください。",
    409: "ほかの画面で状態が変わった可能性があります。画面を開き直してください。",
    410: "表示できる期間が過ぎました。",
    413: "ファイルや文章を小さくして、もう一度お試しください。",
    414: "条件を減らして、もう一度お試しください。",
    415: "ファイルの形式を確認してください。",
    422: "前の画面に戻り、入力内容を確認してください。",
    429: "短い時間に多くの操作がありました。数分後にもう一度お試しください。",
    500: "ご注文やお支払いが二重になることはありません。少し待ってから、もう一度お試しください。",
    503: "少し待ってから、もう一度お試しください。",
}


@dataclass(frozen=True)
class Problem:
    """An error, ready to be shown. `detail` is a Japanese sentence, `field` the input at fault."""

    status: int
    code: str
    detail: str = ""
    field: str | None = None
    errors: Sequence[Mapping[str, str]] = ()
    headers: Mapping[str, str] | None = None

    @property
    def title(self) -> str:
        return TITLES.get(self.status, TITLES[500] if self.status >= 500 else TITLES[400])

    @property
    def advice(self) -> str:
        return self.detail or _ADVICE.get(self.status, _ADVICE[500] if self.status >= 500 else _ADVICE[400])

    def as_json(self, request_id: str) -> dict[str, Any]:
        """Return the members of RFC 9457 plus `code`, `field`, `errors` and `request_id`."""
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": self.advice,
            "code": self.code,
            "request_id": request_id,
        }
        if self.field:
            body["field"] = self.field
        if self.errors:
            body["errors"] = list(self.errors)
        return body


def wants_page(request: Request) -> bool:
    """Return whether a browser requests a whole page: it accepts HTML, and neither an API nor htmx is involved."""
    if request.url.path.startswith("/api/") or "hx-request" in request.headers:
        return False
    return "text/html" in request.headers.get("accept", "")


def request_id_of(request: Request) -> str:
    return str(getattr(request.state, "request_id", ""))


async def answer(request: Request, problem: Problem) -> Response:
    """Return the response for a problem: a page for people, JSON for programs."""
    request_id = request_id_of(request)
    if problem.status not in (401, 404):
        viewer = getattr(request.state, "viewer", NOBODY)
        path, actor = request.url.path, viewer.member_id
        log.info("http.refused", code=problem.code, status=problem.status, path=path, member_id=actor)
    if not wants_page(request):
        return Response(
            orjson.dumps(problem.as_json(request_id)),
            status_code=problem.status,
            headers=dict(problem.headers or {}),
            media_type="application/problem+json",
        )
    if problem.status < 500:
        await _greet(request)
    page: Response = request.app.state.pages.render(
        request, "error.html", status=problem.status, headers=problem.headers, problem=problem
    )
    return page


async def _greet(request: Request) -> None:
    """Read the viewer for the header of the error page. If that fails, the page is still shown."""
    try:
        await viewer_of(request)
    except Exception as error:
        log.exception("http.viewer_unknown", error=type(error).__name__)


async def on_refused(request: Request, error: Refused) -> Response:
    return await answer(request, Problem(error.status, error.code, error.message, error.field))


async def on_try_again(request: Request, error: TryAgain) -> Response:
    """Answer 503 for a locked row or a missing event. The same request will succeed in a moment."""
    return await answer(request, Problem(503, "try_again", headers={"Retry-After": "2"}))


async def on_sign_in_needed(request: Request, error: SignInNeeded) -> Response:
    """Redirect to the login. Show a submitted form again with all typed texts, to be sent after the login."""
    if wants_page(request):
        action = error.form_path or path_and_query(request.url.path, request.url.query)
        kept = await kept_form(request, action)
        if kept is None:
            return RedirectResponse(error.location, status_code=303)
        page: Response = request.app.state.pages.render(
            request, "kept_form.html", status=401, kept=kept, login=error.location
        )
        return page
    headers = {"HX-Redirect": error.location} if "hx-request" in request.headers else None
    return await answer(request, Problem(401, "sign_in_needed", headers=headers))


async def on_staff_lapsed(request: Request, error: StaffLapsed) -> Response:
    """Redirect to members with 307. The browser repeats method and body, so that no typed text is lost."""
    return RedirectResponse(error.location, status_code=307)


async def on_invalid(request: Request, error: RequestValidationError) -> Response:
    """Answer input that does not match the declaration of a route. A path that cannot exist is a missing page."""
    failures = list(error.errors())
    if any(failure["loc"][:1] == ("path",) for failure in failures):
        return await answer(request, Problem(404, "not_found"))
    errors = [_named(failure) for failure in failures[:50]]
    first = errors[0] if errors else {"field": "", "message": ""}
    return await answer(request, Problem(422, "invalid", first["message"], first["field"] or None, errors))


async def on_http(request: Request, error: HTTPException) -> Response:
    """Answer errors of the framework. Its English detail is for developers and is not shown.

    A browser that loads the address of a submitted form again is redirected to the page above it.
    """
    if error.status_code == 405 and request.method == "GET" and wants_page(request):
        above = _page_above(request)
        if above:
            return RedirectResponse(above, status_code=303)
    code = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}.get(error.status_code, "refused")
    return await answer(request, Problem(error.status_code, code, headers=error.headers))


def _page_above(request: Request) -> str:
    """Return the nearest address above the requested one that has a page, or ""."""
    path = request.url.path.rstrip("/")
    while path := path.rpartition("/")[0]:
        scope = {**request.scope, "path": path}
        if any(route.matches(scope)[0] is Match.FULL for route in request.app.routes):
            return f"{quote(path)}?{request.url.query}" if request.url.query else quote(path)
    return ""


def _named(failure: Any) -> dict[str, str]:
    name = ".".join(str(part) for part in failure["loc"][1:])
    return {"field": name, "message": japanese_message(failure, name or "入力内容")}


def install_problem_handlers(app: FastAPI) -> None:
    """Install the answers to known errors. The edge answers unknown errors, because it also adds the headers."""
    app.add_exception_handler(Refused, on_refused)  # type: ignore[arg-type]
    app.add_exception_handler(TryAgain, on_try_again)  # type: ignore[arg-type]
    app.add_exception_handler(SignInNeeded, on_sign_in_needed)  # type: ignore[arg-type]
    app.add_exception_handler(StaffLapsed, on_staff_lapsed)  # type: ignore[arg-type]
    app.add_exception_handler(RequestValidationError, on_invalid)  # type: ignore[arg-type]
    app.add_exception_handler(HTTPException, on_http)  # type: ignore[arg-type]
