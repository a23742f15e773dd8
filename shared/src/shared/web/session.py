"""The viewer of a request: read from the signed `noren_session` cookie, offline, plus one check of revocations.

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
    """The person at the other end: a member, a member of staff, or nobody."""

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


NOBODY = Viewer()


@dataclass(frozen=True)
class Sessions:
    """How this service checks a session; `install_web` keeps it on the app.

    `verifier` knows the public keys of all services (`shared.shop.statements`).
    `is_revoked(session_id, member_id, issued_at)`: has logout, a password change or closing ended it?
    """

    verifier: Verifier
    is_revoked: IsRevoked

    async def viewer_from(self, token: str | None) -> Viewer:
        """The viewer a token stands for; NOBODY for a missing, bad, expired or ended one."""
        if not token:
            return NOBODY
        try:
            claims = self.verifier.verify("session", token)
        except StatementInvalid:
            return NOBODY
        seen = viewer_of_claims(claims)
        if seen is None or seen.member_id is None or seen.session_id is None or seen.issued_at is None:
            return NOBODY
        if await self.is_revoked(seen.session_id, seen.member_id, seen.issued_at):
            return NOBODY
        return seen


def viewer_of_claims(claims: Mapping[str, Any]) -> Viewer | None:
    """A statement of the right signer with the wrong shape is an old one: nobody, not a failure."""
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
    """Nobody is signed in where somebody must be. A page redirects to the login, an API answers 401.

    `form_path` is where a form that came with the request was to go; "" is the address that was asked.
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
    """The rights of staff have to be renewed: the same request goes to members, which sends it back here."""

    def __init__(self, next_path: str) -> None:
        super().__init__(next_path)
        self.location = f"{STAFF_RENEWAL}?next={quote(next_path, safe='/')}"


async def viewer(request: Request) -> Viewer:
    """FastAPI dependency: who is looking, once per request. Layouts find it on `request.state.viewer`."""
    return await viewer_of(request)


async def viewer_of(request: HTTPConnection) -> Viewer:
    """The same outside dependencies, as in error handlers and middleware. The layout also needs who the shop is."""
    known = getattr(request.state, "viewer", None)
    if isinstance(known, Viewer):
        return known
    sessions: Sessions = request.app.state.sessions
    cookies: Cookies = request.app.state.cookies
    await request.app.state.pages.shop.refresh()
    seen = await sessions.viewer_from(cookies.read(request, SESSION_COOKIE))
    request.state.viewer = seen
    return seen


async def require_member(
    request: Request, seen: Annotated[Viewer, Depends(viewer)], _: Annotated[str | None, _IN_DOCUMENT]
) -> Viewer:
    """FastAPI dependency: a signed-in member, or SignInNeeded with the way back."""
    if not seen.signed_in:
        raise SignInNeeded("/members/login", _way_back(request))
    return seen


async def require_staff(
    request: Request, seen: Annotated[Viewer, Depends(viewer)], _: Annotated[str | None, _IN_DOCUMENT]
) -> Viewer:
    """FastAPI dependency: staff of any role. Nobody goes to the staff login; a shopper gets 403."""
    if not seen.signed_in:
        raise SignInNeeded("/desk/login", _way_back(request))
    if seen.staff_lapsed:
        raise StaffLapsed(path_and_query(request.url.path, request.url.query))
    if not seen.is_staff:
        raise Refused(
            "staff_only",
            "この画面は店舗スタッフ専用です。スタッフのアカウントでログインしてください。",
            status=403,
        )
    return seen


def role_missing() -> Refused:
    """The refusal (403) of what only another role may do."""
    return Refused("role_missing", "この操作を行う権限がありません。責任者に依頼してください。", status=403)


def require_role(*roles: str) -> Callable[..., Awaitable[Viewer]]:
    """A dependency for staff holding one of `roles`; others get 403. `Depends(require_role("owner"))`."""

    async def staff_in_role(seen: Annotated[Viewer, Depends(require_staff)]) -> Viewer:
        if seen.staff not in roles:
            raise role_missing()
        return seen

    return staff_in_role


CurrentViewer = Annotated[Viewer, Depends(viewer)]
Member = Annotated[Viewer, Depends(require_member)]
Staff = Annotated[Viewer, Depends(require_staff)]
Owner = Annotated[Viewer, Depends(require_role("owner"))]


def safe_next(wanted: str | None, default: str = "/") -> str:
    """A path of this origin to return to, or `default`: no scheme, host, `//`, backslash or controls."""
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
    """Where to return after login: the page itself, or for a submitted form the page it stood on."""
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
    """An address of this origin as it stands in a link: the path quoted, the query as it came."""
    return f"{quote(path)}?{query}" if query else quote(path)
