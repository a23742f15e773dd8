"""The wallet statement of a browser. It is valid only for the login under which it was made.

Payments writes the signed-in member into the statement. Such a statement is valid only while a session of that member
is valid. When the session ends, from any device, its wallet ends in every service. A wallet obtained as a guest stays
valid after a login. It is invalid while the browser holds an ended session.

This module is in the web frame, because it reads the cookies and the viewer of a request. ``shared.shop`` is a layer
below. It has the format of all statements (:mod:`shared.shop.statements`).
"""

from collections.abc import Mapping
from typing import Any

from fastapi import Request

from shared.web.parts import parts_of
from shared.web.session import SESSION_COOKIE, viewer_of

MEMBER = "member_id"
"""The claim with the member who was signed in when the wallet was obtained; a guest's wallet does not have it."""


async def wallet_claims(request: Request) -> Mapping[str, Any] | None:
    """Return the claims of this browser's wallet statement. Return None if none is valid for the viewer."""
    claims = parts_of(request).claims(request, "wallet")
    if claims is None:
        return None
    owner, viewer = claims.get(MEMBER), await viewer_of(request)
    if owner:
        return claims if owner == viewer.member_id else None
    return None if await holds_ended_session(request) else claims


async def holds_ended_session(request: Request) -> bool:
    """Return whether the browser still has the statement of an ended session."""
    viewer = await viewer_of(request)
    return not viewer.signed_in and bool(parts_of(request).cookies.read(request, SESSION_COOKIE))
