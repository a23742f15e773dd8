"""The browser of a request: how it is recognised, and its session statement."""

from datetime import timedelta

from fastapi import Request
from starlette.responses import Response

from members.accounts.rows import Member
from members.sessions.enter import Browser, NewLogin
from members.sessions.open_session import OpenedSession, renew_session
from members.settings import Settings
from members.viewer import member_id_of, session_id_of
from shared.clock import now
from shared.database.transactions import Tx
from shared.shop.statements import COOKIE, Issuer
from shared.web.client_address import counted_as
from shared.web.cookies import CART_COUNT_COOKIE, forget_begun, forget_member
from shared.web.device import device_of
from shared.web.parts import Parts
from shared.web.session import Viewer

DEVICE_COOKIE = "noren_device"
_DEVICE_KNOWN_FOR = timedelta(days=365)


def browser_of(request: Request, parts: Parts, viewer: Viewer) -> Browser:
    """Return the browser of a request, with its present login."""
    return Browser(
        parts.cookies.read(request, DEVICE_COOKIE) or "",
        device_of(request),
        counted_as(request),
        session_id_of(viewer),
        member_id_of(viewer),
        viewer.staff,
    )


def put_login(request: Request, parts: Parts, response: Response, entry: NewLogin) -> Response:
    """Store in the browser the statement of a new session, and the token that identifies the browser.

    The browser forgets the visits to Amazon that were begun before, because another person may have begun them. If
    another member was logged in before, it also forgets what it stored for that member. The count of the cart
    belongs to a guest: the next page asks checkout for the member's count.
    """
    before = (parts.claims(request, "session") or {}).get("sub")
    if before is not None and before != entry.opened.claims["sub"]:
        forget_member(request, response)
    else:
        forget_begun(request, response)
    put_session(parts, response, entry.opened)
    parts.cookies.clear(response, CART_COUNT_COOKIE)
    parts.cookies.write(
        response, DEVICE_COOKIE, entry.device, max_age_seconds=int(_DEVICE_KNOWN_FOR.total_seconds())
    )
    return response


def put_session(parts: Parts, response: Response, opened: OpenedSession) -> Response:
    """Store a session statement in the browser. The rights of staff in it are valid for one minute."""
    claims: dict[str, str | bool | int | None] = dict(opened.claims)
    if claims["staff"] is not None:
        claims["staff_until"] = int(now().timestamp()) + parts[Settings].staff_statement_seconds
    statement = parts[Issuer].issue("session", claims, valid_for=opened.valid_for)
    seconds = int(opened.valid_for.total_seconds())
    parts.cookies.write(response, COOKIE["session"], statement, max_age_seconds=seconds)
    return response


async def renewed_by_proof(tx: Tx, member: Member, viewer: Viewer) -> OpenedSession | None:
    """Return the viewer's session with a proof of the address that its statement lacks. Return None if there is none.

    The proof may have been made in another browser, and the other services read only the statement.
    """
    session_id = session_id_of(viewer)
    if viewer.email_proved or member.email_verified_at is None or session_id is None:
        return None
    return await renew_session(tx, member, session_id, at=now())
