"""Who does something at a desk and with what, for the record of deeds that members keeps."""

from typing import Any
from urllib.parse import unquote_plus
from uuid import UUID

from fastapi import Request

from shared.web.session import Viewer

FILTER_LENGTH_MAX = 200


def name_of(staff: Viewer) -> str:
    """Return the name under which the deeds of a member of staff are kept."""
    return staff.name or f"スタッフ {staff.member_id}"


def done_by(request: Request, staff: Viewer) -> dict[str, Any]:
    """Return the fields of a :class:`shared.events.DeskEvent` that tell who did it, and from where."""
    return {
        "by_id": UUID(staff.member_id),
        "by": name_of(staff),
        "ip": request.client.host if request.client else "",
    }


def rows_taken(request: Request, count: int) -> str:
    """Return in words how many rows a file holds, and by which filter they were found."""
    asked = unquote_plus(request.url.query)[:FILTER_LENGTH_MAX]
    return f"{count:,}件" + (f"（条件：{asked}）" if asked else "")
