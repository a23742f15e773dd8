"""Who stands before the pages of members."""

from uuid import UUID

from fastapi import Request

from shared.web.session import Viewer


def session_id_of(seen: Viewer) -> UUID | None:
    """Return the id of the session that the viewer came with."""
    return UUID(seen.session_id) if seen.session_id else None


def member_id_of(seen: Viewer) -> UUID | None:
    """Return the id of the member who is looking."""
    return UUID(seen.member_id) if seen.member_id else None


def address_of(request: Request) -> str:
    """Return the IP address that the request came from; the edge's proxy passes it on."""
    return request.client.host if request.client else ""
