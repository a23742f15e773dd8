"""The wallet statement of a browser. It is valid only for the login under which it was made.

Payments writes the member who was signed in into the statement. Such a statement counts only beside a living session
of that member, so a login that ends, from any device, takes its wallet along in every service. One that a guest got
stays good through a login, but not beside the statement of a session that has ended.
"""

from collections.abc import Mapping
from typing import Any

from fastapi import Request

from shared.web.parts import parts_of
from shared.web.session import SESSION_COOKIE, viewer_of

MEMBER = "member_id"
"""The claim with the member who was signed in when the wallet was obtained; a guest's wallet does not have it."""


async def wallet_claims(request: Request) -> Mapping[str, Any] | None:
    """Return what the wallet statement of this browser says; None without one that is valid for who is looking."""
    claims = parts_of(request).claims(request, "wallet")
    if claims is None:
        return None
    owner, seen = claims.get(MEMBER), await viewer_of(request)
    if owner:
        return claims if owner == seen.member_id else None
    return None if await holds_ended_session(request) else claims


async def holds_ended_session(request: Request) -> bool:
    """Return whether the browser still holds the statement of a session that has ended."""
    seen = await viewer_of(request)
    return not seen.signed_in and bool(parts_of(request).cookies.read(request, SESSION_COOKIE))
