"""Who does something at a desk and with what, for the record of deeds that members keeps."""

from typing import Any
from urllib.parse import unquote_plus
from uuid import UUID

from fastapi import Request

from shared.web.session import Viewer

FILTER_LENGTH_MAX = 200


def done_by(request: Request, staff: Viewer) -> dict[str, Any]:
    """Return the fields of a :class:`shared.events.DeskEvent` that tell who did it, and from where."""
    return {
        "by_id": UUID(staff.member_id),
        "by": staff.name,
        "ip": request.client.host if request.client else "",
    }


def rows_taken(request: Request, count: int) -> str:
    """Return in words how many rows a file holds, and by which filter they were found."""
    asked = unquote_plus(request.url.query)[:FILTER_LENGTH_MAX]
    return f"{count:,}件" + (f"（条件：{asked}）" if asked else "")
