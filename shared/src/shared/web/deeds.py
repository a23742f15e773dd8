"""Deeds at a desk, for the record that members keeps: the person, the place and the deed."""

from collections.abc import Sequence
from typing import Any, Protocol
from urllib.parse import unquote_plus
from uuid import UUID

from fastapi import Request

from shared.web.device import device_of
from shared.web.session import Viewer

FILTER_LENGTH_MAX = 200


def name_of(staff: Viewer) -> str:
    """Return the name under which the deeds of a member of staff are kept."""
    return staff.name or f"スタッフ {staff.member_id}"


def done_by(request: Request, staff: Viewer) -> dict[str, Any]:
    """Return the fields of a :class:`shared.events.DeskEvent` that name the member of staff, the address and the browser."""
    return {
        "by_id": UUID(staff.member_id),
        "by": name_of(staff),
        "ip": request.client.host if request.client else "",
        "device": device_of(request),
    }


class _List(Protocol):
    """The part of a list that reads an address (shared.web.lists.DeskList)."""

    def query(self, asked: Sequence[tuple[str, str]]) -> str:
        """Return the parameters of an address that the list knows."""


def rows_taken(found_by: _List, request: Request, count: int) -> str:
    """Return a text with the number of rows of a file and the filter of their list.

    Parameters unknown to the list are left out, and invisible characters become spaces.
    """
    known = unquote_plus(found_by.query(request.query_params.multi_items()))
    asked = "".join(sign if sign.isprintable() else " " for sign in known)[:FILTER_LENGTH_MAX]
    return f"{count:,}件" + (f"（条件：{asked}）" if asked else "")
