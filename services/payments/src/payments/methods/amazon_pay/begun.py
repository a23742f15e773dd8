"""The visits to Amazon that this browser began. Each belongs to the viewer who began it.

A browser may be shared. Only the viewer who left for Amazon goes on after the return. Otherwise the account chosen at
Amazon may be a stranger's.
"""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Literal

from fastapi import Request
from starlette.responses import Response

from shared.web.cookies import AMAZON_SIGN_IN_COOKIE, AMAZON_STATE_COOKIE
from shared.web.parts import parts_of
from shared.web.session import viewer_of

Kind = Literal["checkout", "sign_in"]

_COOKIE: dict[Kind, str] = {"checkout": AMAZON_STATE_COOKIE, "sign_in": AMAZON_SIGN_IN_COOKIE}
_VALID_FOR: dict[Kind, timedelta] = {"checkout": timedelta(minutes=45), "sign_in": timedelta(minutes=15)}
_GUEST = "guest"


@dataclass(frozen=True, slots=True)
class Begun:
    """A begun visit: its ``state``, and whether the viewer is still the one who began it.

    ``note`` is the path to go on to after a sign-in. For a checkout it is the session that this browser is bound to,
    or empty before the first return.
    """

    state: str
    note: str
    is_viewers: bool


async def begun(request: Request, kind: Kind) -> Begun | None:
    """Return the visit that this browser began. Return None without one, or for one of a former release."""
    pieces = (parts_of(request).cookies.read(request, _COOKIE[kind]) or "").split(".", 2)
    if len(pieces) != 3 or not pieces[0]:
        return None
    state, mark, note = pieces
    return Begun(state, note, is_viewers=mark == await _viewer_mark(request))


async def keep_begun(
    request: Request, response: Response, kind: Kind, *, state: str, note: str = ""
) -> Response:
    """Store in the browser a visit that the present viewer begins."""
    value = f"{state}.{await _viewer_mark(request)}.{note}"
    seconds = int(_VALID_FOR[kind].total_seconds())
    parts_of(request).cookies.write(response, _COOKIE[kind], value, max_age_seconds=seconds)
    return response


def end_begun(request: Request, response: Response, kind: Kind) -> Response:
    """Delete the visit from the browser."""
    parts_of(request).cookies.clear(response, _COOKIE[kind])
    return response


async def _viewer_mark(request: Request) -> str:
    """Return what identifies the viewer and the login. Nobody can know it before that login."""
    seen = await viewer_of(request)
    if not seen.signed_in:
        return _GUEST
    return sha256(f"{seen.member_id} {seen.session_id}".encode()).hexdigest()
