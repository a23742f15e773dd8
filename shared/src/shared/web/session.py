"""The viewer of a request. Each service reads the signed `noren_session` cookie itself and checks revocations.

Members issues the statement and sets the cookie; every service reads it with these dependencies.
An ended session is refused by every replica within a second.

The rights of staff are valid for a minute (`staff_until`). Then the browser is redirected to members, which checks
its own rows, and returns with a new statement. An ended session of staff is therefore refused everywhere
within that minute even where no event arrives (docs/decisions/0005).
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlsplit

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie
from starlette.requests import HTTPConnection

from shared.clock import now
from shared.errors import Refused
from shared.shop.statements import COOKIE, StatementInvalid, Verifier
from shared.web.cookies import Cookies
from shared.web.staff_rights import Right, role_may

SESSION_COOKIE = COOKIE["session"]
STAFF_RENEWAL = "/members/staff/renew"
# For the OpenAPI document only: `viewer` is what reads and checks the cookie.
_IN_DOCUMENT = Security(
    APIKeyCookie(
        name=SESSION_COOKIE,
        scheme_name="session",
        description="Signed by members at the login; its name begins with `__Host-` where cookies are secure.",
        auto_error=False,
    )
)
IsRevoked = Callable[[str, str, datetime], Awaitable[bool]]


@dataclass(frozen=True)
class Viewer:
    """The person who uses the browser: a member, a member of staff, or nobody."""

    member_id: str | None = None
    session_id: str | None = None
    name: str = ""
    staff: str | None = None
    amazon_linked: bool = False
    # A statement of an earlier release does not contain this claim, which counts as no proof.
    email_proved: bool = False
    issued_at: datetime | None = None
    # Staff with a login at the desk whose rights members must renew first.
    staff_lapsed: bool = False

    @property
    def signed_in(self) -> bool:
        return self.member_id is not None

    @property
    def is_staff(self) -> bool:
        return self.staff is not None

    def may(self, right: Right) -> bool:
        """Whether this is staff with a role that has `right`. KeyError for a right that is not in the table."""
        return role_may(self.staff, right)

    @property
    def changes_settings_as(self) -> Literal["owner", "staff"] | None:
        """Whose settings this person may change (``Group.changed_as``). None if none."""
        if self.may("change_all_settings"):
            return "owner"
        return "staff" if self.may("change_settings") else None


NOBODY = Viewer()


@dataclass(frozen=True)
class Sessions:
    """How this service checks a session; `install_web` keeps it on the app.

    `verifier` knows the public keys of all services (`shared.shop.statements`).
    `is_revoked(session_id, member_id, issued_at)` returns whether the session was revoked, as by a logout or a new
    password.
    """

    verifier: Verifier
    is_revoked: IsRevoked

    async def viewer_from(self, token: str | None) -> Viewer:
        """Return the viewer of a session statement. Return NOBODY if it is missing, invalid, expired or ended."""
        if not token:
            return NOBODY
        try:
            claims = self.verifier.verify("session", token)
        except StatementInvalid:
            return NOBODY
        viewer = viewer_of_claims(claims)
        if (
            viewer is None
            or viewer.member_id is None
            or viewer.session_id is None
            or viewer.issued_at is None
        ):
            return NOBODY
        if await self.is_revoked(viewer.session_id, viewer.member_id, viewer.issued_at):
            return NOBODY
        return viewer


def viewer_of_claims(claims: Mapping[str, Any]) -> Viewer | None:
    """Return the viewer of a statement, or None if its fields are of an older release."""
    member_id, session_id, issued = claims.get("sub"), claims.get("sid"), claims.get("iat")
    if not isinstance(member_id, str) or not isinstance(session_id, str):
        return None
    if isinstance(issued, int | float):
        issued = datetime.fromtimestamp(issued, UTC)
    if not isinstance(issued, datetime):
        return None
    staff, until = claims.get("staff") or None, claims.get("staff_until")
    lapsed = staff is not None and isinstance(until, int | float) and until <= now().timestamp()
    return Viewer(
        member_id=member_id,
        session_id=session_id,
        name=str(claims.get("name") or ""),
        staff=None if lapsed else staff,
        amazon_linked=bool(claims.get("amazon_linked", False)),
        email_proved=claims.get("email_proved") is True,
        issued_at=issued,
        staff_lapsed=lapsed,
    )


class SignInNeeded(Exception):
    """The request needs a login, and nobody is signed in. A page redirects to the login, an API answers 401.

    `form_path` is the address to which a submitted form belongs; "" is the requested address.
    """

    def __init__(
        self,
        login_path: Literal["/members/login", "/desk/login"],
        next_path: str,
        *,
        form_path: str = "",
    ) -> None:
        super().__init__(login_path)
        self.login_path = login_path
        self.next_path = next_path
        self.form_path = form_path

    @property
    def location(self) -> str:
        return f"{self.login_path}?next={quote(self.next_path, safe='/')}"


class StaffLapsed(Exception):
    """The rights of staff must be renewed. The browser sends the request to members, which returns it here."""

    def __init__(self, next_path: str) -> None:
        super().__init__(next_path)
        self.location = f"{STAFF_RENEWAL}?next={quote(next_path, safe='/')}"


async def viewer(request: Request) -> Viewer:
    """Return the viewer of the request, as a FastAPI dependency. Layouts read `request.state.viewer`."""
    return await viewer_of(request)


async def viewer_of(request: HTTPConnection) -> Viewer:
    """Return the viewer of the request. For code that is no FastAPI dependency. Also read who the shop is, for the layout."""
    known = getattr(request.state, "viewer", None)
    if isinstance(known, Viewer):
        return known
    sessions: Sessions = request.app.state.sessions
    cookies: Cookies = request.app.state.cookies
    await request.app.state.pages.shop.refresh()
    viewer = await sessions.viewer_from(cookies.read(request, SESSION_COOKIE))
    request.state.viewer = viewer
    return viewer


async def require_member(
    request: Request, viewer: Annotated[Viewer, Depends(viewer)], _: Annotated[str | None, _IN_DOCUMENT]
) -> Viewer:
    """Return the signed-in member, as a FastAPI dependency. Raises SignInNeeded with the address to return to."""
    if not viewer.signed_in:
        raise SignInNeeded("/members/login", _way_back(request))
    return viewer


async def require_staff(
    request: Request, viewer: Annotated[Viewer, Depends(viewer)], _: Annotated[str | None, _IN_DOCUMENT]
) -> Viewer:
    """Return the member of staff, as a FastAPI dependency, in any role.

    Raises SignInNeeded if nobody is signed in, and Refused (403) for a buyer.
    """
    if not viewer.signed_in:
        raise SignInNeeded("/desk/login", _way_back(request))
    if viewer.staff_lapsed:
        raise StaffLapsed(path_and_query(request.url.path, request.url.query))
    if not viewer.is_staff:
        raise Refused(
            "staff_only",
            "この画面は店舗スタッフ専用です。スタッフのアカウントでログインしてください。",
            status=403,
        )
    return viewer


def role_missing() -> Refused:
    """Return the refusal (403) of a deed that needs another role."""
    return Refused("role_missing", "この操作を行う権限がありません。責任者に依頼してください。", status=403)


@dataclass(frozen=True)
class RightRequired:
    """A dependency for staff whose role has ``right``. Others get 403."""

    right: Right

    async def __call__(self, staff: Annotated[Viewer, Depends(require_staff)]) -> Viewer:
        """Return the member of staff. Raises as ``require_staff``, and Refused (403) for a role without the right."""
        if not staff.may(self.right):
            raise role_missing()
        return staff


def require_right(right: Right) -> RightRequired:
    """Return a dependency for staff whose role has `right`: `Depends(require_right("export"))`. Others get 403."""
    return RightRequired(right)


def needs(right: Right) -> Any:
    """Return the dependency of a route that asks for ``right``: `@router.get(PATH, dependencies=[needs("read_orders")])`."""
    return Depends(RightRequired(right))


CurrentViewer = Annotated[Viewer, Depends(viewer)]
Member = Annotated[Viewer, Depends(require_member)]
Staff = Annotated[Viewer, Depends(require_staff)]
MayExport = Annotated[Viewer, Depends(require_right("export"))]


def safe_next(wanted: str | None, default: str = "/") -> str:
    """Return `wanted` if it is a path of this origin, else `default`.

    A path of this origin has no scheme, host, `//` at its beginning, backslash or control character.
    """
    if not wanted or len(wanted) > 2000 or not wanted.startswith("/"):
        return default
    if wanted.startswith("//") or "\\" in wanted or any(ord(c) <= 0x20 or ord(c) == 0x7F for c in wanted):
        return default
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return default
    return default if parts.scheme or parts.netloc else wanted


def _way_back(request: Request) -> str:
    """Return the address after the login: the page itself, or the page of the submitted form."""
    if request.method in ("GET", "HEAD"):
        return safe_next(path_and_query(request.url.path, request.url.query))
    try:
        referer = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return "/"
    return (
        safe_next(path_and_query(referer.path, referer.query))
        if referer.netloc == request.url.netloc
        else "/"
    )


def path_and_query(path: str, query: str) -> str:
    """Return an address of this origin for a link: the path is quoted, the query is unchanged."""
    return f"{quote(path)}?{query}" if query else quote(path)
