"""Renews the rights of staff, which are valid for one minute, after a check of members' own rows.

Every service redirects the browsers of its desk to it with 307. A submitted form is therefore sent along and back.
"""

from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from members.sessions.browser import put_session
from members.sessions.open_session import renew_staff_session
from members.viewer import session_id_of
from shared.clock import now
from shared.web.parts import CurrentParts
from shared.web.session import STAFF_RENEWAL, CurrentViewer, SignInNeeded, safe_next

router = APIRouter(include_in_schema=False)


@router.api_route(STAFF_RENEWAL, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
async def renew_staff(request: Request, parts: CurrentParts, viewer: CurrentViewer) -> Response:
    """Redirect the request back with a new statement. If the session has ended, redirect it to the login."""
    next_path = safe_next(request.query_params.get("next"), "/desk")
    session_id = session_id_of(viewer)
    opened = None
    if session_id is not None:
        async with parts.db.transaction() as tx:
            opened = await renew_staff_session(tx, session_id, at=now())
    if opened is None:
        page = next_path if request.method in ("GET", "HEAD") else "/desk"
        raise SignInNeeded("/desk/login", page, form_path=quote(next_path, safe=_SAFE))
    return put_session(parts, RedirectResponse(quote(next_path, safe=_SAFE), status_code=307), opened)


# The characters of a URL (RFC 3986, 2), including percent signs of quoted ones.
_SAFE = "/:?#[]@!$&'()*+,;=%~"
