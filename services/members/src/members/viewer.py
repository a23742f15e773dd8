"""The viewer of members' pages."""

from uuid import UUID

from fastapi import Request

from shared.web.session import Viewer


def session_id_of(seen: Viewer) -> UUID | None:
    """Return the id of the viewer's session."""
    return UUID(seen.session_id) if seen.session_id else None


def member_id_of(seen: Viewer) -> UUID | None:
    """Return the id of the viewer's member."""
    return UUID(seen.member_id) if seen.member_id else None


def address_of(request: Request) -> str:
    """Return the IP address of the request. The edge's proxy passes it on."""
    return request.client.host if request.client else ""
