"""Pages: templates with our filters and macros, and one call that puts the web frame on an app."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, unquote

import jinja2
from fastapi import FastAPI, Request
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from shared.shop.identity.facts import NAMELESS
from shared.shop.identity.known import KnownShop
from shared.web.cookies import CART_COUNT_COOKIE, Cookies
from shared.web.edge import ContentSecurity, Edge, EdgeRules
from shared.web.filters import FILTERS
from shared.web.openapi import install_openapi
from shared.web.paging import with_query
from shared.web.problems import install_problem_handlers
from shared.web.session import NOBODY, Sessions, Viewer
from shared.web.staff_rights import Right
from shared.web.static_files import static_app, static_url

TOAST_COOKIE = "noren_toast"
# The characters of a URL (RFC 3986, 2), including the percent signs of quoted characters.
_SAFE_IN_ADDRESS = "/:?#[]@!$&'()*+,;=%~"


@dataclass(frozen=True)
class DeskPage:
    """A line of the staff rail under its section: `DeskPage("orders", "出荷", "/desk/orders/shipping", "read_orders")`.

    The rail shows it to staff whose role has ``right``, which is the right that its route asks for.
    """

    section: str
    label: str
    path: str
    right: Right = "use_desk"


# A section opens the first of its pages that the viewer may see.
DESK_SECTIONS = (
    DeskPage("orders", "受注", "/desk/orders", "read_orders"),
    DeskPage("payments", "決済", "/desk/payments", "read_payments"),
    DeskPage("members", "会員", "/desk/members", "read_members"),
    DeskPage("members", "会員", "/desk/members/rules", "read_settings"),
    DeskPage("mails", "通知", "/desk/mails", "read_mails"),
    DeskPage("mails", "通知", "/desk/mails/settings", "read_settings"),
    DeskPage("operations", "運用", "/desk/operations", "read_operations"),
)


def sections_of(viewer: Viewer) -> list[DeskPage]:
    """Return the sections that `viewer` may open, each with the first page that the role allows."""
    allowed = [page for page in reversed(DESK_SECTIONS) if viewer.may(page.right)]
    first = {page.section: page for page in allowed}
    order = dict.fromkeys(page.section for page in DESK_SECTIONS)
    return [first[section] for section in order if section in first]


@dataclass
class Toast:
    """The message that the page after a form shows once: as a toast, or at a place on the page.

    ``kind`` is done, wait (look again), stop (refused) or note. ``typed`` is the text of the refused input.
    """

    text: str
    kind: str = "done"
    place: str = ""
    typed: str = ""
    is_shown: bool = False

    def written(self) -> str:
        """Return the value of the cookie that carries the toast to the next page."""
        return quote("\n".join((self.kind, self.place, self.typed.replace("\n", " ")[:80], self.text)))

    @classmethod
    def read(cls, cookie: str) -> "Toast | None":
        """Return the toast in a cookie, or None for an empty cookie."""
        parts = unquote(cookie).split("\n", 3)
        if len(parts) < 4:
            return cls(parts[0]) if parts[0] else None
        kind, place, typed, text = parts
        return cls(text, kind if kind in TOAST_KINDS else "note", place, typed)


TOAST_KINDS = ("done", "wait", "stop", "note")

FOOTER_LINKS = (
    ("ご注文の確認", "/orders/find"),
    ("特定商取引法に基づく表記", "/legal"),
    ("プライバシーポリシー", "/pages/privacy"),
    ("利用規約", "/pages/terms"),
    ("返品条件", "/pages/returns"),
    ("お問い合わせ", "/pages/contact"),
)


class Pages:
    """Renders this service's templates inside the shared frame. Made by `make_templates`."""

    def __init__(self, env: jinja2.Environment, desk_pages: Sequence[DeskPage]) -> None:
        self.env = env
        self.desk_pages = desk_pages
        self.shop = KnownShop(NAMELESS)

    def render(
        self,
        request: Request,
        name: str,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **values: Any,
    ) -> HTMLResponse:
        """Return a whole page. `values` are plain values. The layout adds viewer, cart count, rail and toast."""
        html = self.env.get_template(name).render(self._context(request, values))
        response = HTMLResponse(html, status_code=status, headers=dict(headers or {}))
        cookies: Cookies = request.app.state.cookies
        if cookies.read(request, TOAST_COOKIE):
            cookies.clear(response, TOAST_COOKIE)
        return response

    def fragment(
        self, request: Request, name: str, block: str, *, status: int = 200, **values: Any
    ) -> HTMLResponse:
        """Return one `{% block %}` of a page, which htmx inserts. Raises KeyError if there is no such block."""
        template = self.env.get_template(name)
        context = template.new_context(self._context(request, values))
        return HTMLResponse("".join(template.blocks[block](context)), status_code=status)

    def redirect(
        self,
        request: Request,
        path: str,
        *,
        toast: str = "",
        kind: str = "done",
        place: str = "",
        typed: str = "",
    ) -> Response:
        """Redirect to a page after a form (303). The page shows `toast` once. For htmx, name the page in a header.

        `kind` is as in `Toast`. With `place`, the page shows the toast where its template has `toast_at("…")` of that
        name, such as at a field, whose input gets `typed` again. The path is quoted, because it may contain text that
        a person wrote.
        """
        path = quote(path, safe=_SAFE_IN_ADDRESS)
        if "hx-request" in request.headers:
            response = Response(status_code=200, headers={"HX-Redirect": path})
        else:
            response = Response(status_code=303, headers={"Location": path})
        if toast:
            cookies: Cookies = request.app.state.cookies
            shown = Toast(toast, kind, place, typed)
            cookies.write(response, TOAST_COOKIE, shown.written(), max_age_seconds=60)
        return response

    def wait(
        self, request: Request, *, title: str, text: str, seconds: int = 3, **values: Any
    ) -> HTMLResponse:
        """Return the page 「お待ちください」, which loads the same address again after `seconds`."""
        return self.render(request, "wait.html", title=title, text=text, refresh_seconds=seconds, **values)

    def _context(self, request: Request, values: Mapping[str, Any]) -> dict[str, Any]:
        cookies: Cookies = request.app.state.cookies
        count = cookies.read(request, CART_COUNT_COOKIE) or ""
        path = request.url.path
        toast = Toast.read(cookies.read(request, TOAST_COOKIE) or "")

        def toast_at(place: str) -> Toast | None:
            if toast is None or toast.place != place:
                return None
            toast.is_shown = True
            return toast

        viewer: Viewer = getattr(request.state, "viewer", NOBODY)
        return {
            "request": request,
            "path": path,
            "shop": self.shop.identity,
            "shop_name": self.shop.identity.name,
            "viewer": viewer,
            "desk_sections": sections_of(viewer),
            "request_id": getattr(request.state, "request_id", ""),
            "cart_count": int(count) if count.isascii() and count.isdigit() and len(count) < 5 else 0,
            # After a login the browser does not yet know the number.
            "cart_counted": count != "",
            "toast": toast,
            "toast_at": toast_at,
            "desk_section": self._section(path),
            "desk_current": self._longest(path, [page.path for page in self.desk_pages]),
            "link": lambda **changes: with_query(path, request.url.query, **changes),
            **values,
        }

    def _section(self, path: str) -> str:
        """Return the open section of the staff rail: that of the page's own line, else the one above its path."""
        known = {page.path: page.section for page in (*DESK_SECTIONS, *self.desk_pages)}
        return known.get(self._longest(path, list(known)), "")

    @staticmethod
    def _longest(path: str, candidates: Sequence[str]) -> str:
        under = [known for known in candidates if path == known or path.startswith(known + "/")]
        return max(under, key=len, default="")


def make_templates(
    *folders: Path | str,
    desk_pages: Sequence[DeskPage] = (),
    globals: Mapping[str, Any] | None = None,  # noqa: A002 - Jinja's own word for it
    live: bool = False,
) -> Pages:
    """Return what renders templates. A template of the service replaces a shared one of the same name.

    Values are escaped. An undefined name is an error. Every template and fragment has the macros of `macros.html`
    as `ui` and those of `settings_macros.html` as `settings_ui`, without an import. `desk_pages` are this service's
    lines in the staff rail. `live` reads a template again after its file has changed.
    """
    shared_folder = Path(__file__).parent / "templates"
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader([*folders, shared_folder]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        auto_reload=live,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"],
    )
    env.filters.update(FILTERS)
    env.globals.update(
        static_url=static_url,
        desk_pages=tuple(desk_pages),
        desk_counts={},
        footer_links=FOOTER_LINKS,
        origin_url="",
        svg=_svg,
    )
    env.globals.update(globals or {})
    env.globals["ui"] = env.get_template("macros.html").module
    env.globals["settings_ui"] = env.get_template("settings_macros.html").module
    return Pages(env, desk_pages)


@cache
def _svg(name: str) -> Markup:
    """Return an icon (`static/<name>.svg`) as inline SVG, so that it has the colour of the surrounding text."""
    return Markup((Path(__file__).parent / "static" / f"{name}.svg").read_text("utf-8"))  # noqa: S704 - our file


def install_web(
    app: FastAPI,
    pages: Pages,
    sessions: Sessions,
    own: Mapping[type[Any], Any] = MappingProxyType({}),
    *,
    origin: str,
    secure: bool,
    shop: KnownShop | None = None,
    content_security: ContentSecurity = ContentSecurity(),  # noqa: B008 - frozen
    csrf_exempt: Sequence[str] = (),
) -> None:
    """Put the frame on a service's app: `/static`, errors, sign-in, and the edge. Call it once, in main.py.

    `own` are the parts of the service by type, its `Database` among them (`shared.web.parts`).
    `shop` is what every page calls the shop. `origin` is ORIGIN_URL and `secure` COOKIE_SECURE. `csrf_exempt` takes path prefixes.
    """
    app.state.own = {**getattr(app.state, "own", {}), **own}
    app.state.pages = pages
    pages.shop = shop or pages.shop
    pages.env.globals["origin_url"] = origin.rstrip("/")
    app.state.sessions = sessions
    app.state.cookies = Cookies(secure)
    app.mount("/static", static_app, name="static")
    install_problem_handlers(app)
    install_openapi(app)
    rules = EdgeRules(origin, secure, content_security, tuple(csrf_exempt))
    app.add_middleware(Edge, rules=rules)
