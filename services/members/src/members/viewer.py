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


def device_of(request: Request) -> str:
    """Return the browser of the request, as its owner recognises it."""
    return device_label(request.headers.get("user-agent", ""))


def device_label(user_agent: str) -> str:
    """Return a description of a browser that its owner recognises, for the list of logins."""
    systems = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"))
    system = next(
        (label for mark, label in (*systems, ("Mac OS", "Mac"), ("Linux", "Linux")) if mark in user_agent), ""
    )
    browsers = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
    browser = next((label for mark, label in browsers if mark in user_agent), "")
    return " ".join(part for part in (system, browser) if part) or "ブラウザー不明"
