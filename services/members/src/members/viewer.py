"""The viewer of members' pages."""

from uuid import UUID

from fastapi import Request

from shared.web.session import Viewer


def session_id_of(viewer: Viewer) -> UUID | None:
    """Return the id of the viewer's session."""
    return UUID(viewer.session_id) if viewer.session_id else None


def member_id_of(viewer: Viewer) -> UUID | None:
    """Return the id of the viewer's member."""
    return UUID(viewer.member_id) if viewer.member_id else None


def address_of(request: Request) -> str:
    """Return the IP address of the request. The edge's proxy passes it on."""
    return request.client.host if request.client else ""
