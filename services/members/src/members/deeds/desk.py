"""操作の記録 of all desks: who did what from where, and attempts to log in (STF-03)."""

from functools import partial
from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, create_model
from starlette.responses import Response

from members.deeds.doer import doer
from members.deeds.export_deeds import export_deeds
from members.deeds.labels import DEEDS_LABEL, all_kinds
from members.deeds.rows import DeedSearch, NotedDeed, count_deeds, find_deeds
from shared.clock import now
from shared.web.cells import Cell, at, badge, link, text
from shared.web.deeds import rows_taken
from shared.web.fields import DayOfLists, Line
from shared.web.lists import Asked, Column, DeskList, SearchBox
from shared.web.paging import Paging
from shared.web.parts import CurrentParts
from shared.web.session import MayExport, needs

router = APIRouter(include_in_schema=False)

PAGE = "/desk/members/deeds"


class _Words(BaseModel):
    q: Line = Field("", title="検索する言葉", max_length=100)


_KINDS: Any = all_kinds()
# The kinds come from the events, and a field cannot be called `from` in the body of a class.
_KIND_AND_DAYS: dict[str, Any] = {
    "deed": (_KINDS | Literal[""], Field("", title="操作")),
    "from": (DayOfLists | None, Field(None, title="操作した日(から)")),
    "until": (DayOfLists | None, Field(None, title="操作した日(まで)")),
}
DeedFilters = create_model("DeedFilters", __base__=_Words, **_KIND_AND_DAYS)


def _order(one: NotedDeed) -> Cell:
    code = one.order_code
    return link(code, f"/desk/orders/{code}", is_code=True) if code else text("")


DEEDS = DeskList[_Words, NotedDeed](
    path=PAGE,
    filters=DeedFilters,
    columns=[
        Column("日時", lambda one: at(one.done_at)),
        Column("操作した人", lambda one: text(one.by or "不明"), css="card-who"),
        Column("操作", lambda one: badge(DEEDS_LABEL.of(one.deed)), css="card-state"),
        Column("対象", lambda one: text(one.subject), css="wraps card-foot"),
        Column("注文番号", _order, css="card-foot"),
        Column("変更前", lambda one: text(one.before), css="wraps card-foot"),
        Column("変更後", lambda one: text(one.after), css="wraps card-foot"),
        Column("IPアドレス", lambda one: text(one.ip), css="code card-foot"),
        Column("端末", lambda one: text(one.device), css="card-foot"),
    ],
    search=SearchBox("操作した人・対象・注文番号", label="操作の記録を検索"),
    file="deeds",
)


@router.get(PAGE, dependencies=[needs("read_deeds")])
async def list_deeds(request: Request, parts: CurrentParts, paging: Paging) -> Response:
    """Show the found deeds, newest first. An invalid filter value, such as an unknown kind, filters nothing."""
    asked = DEEDS.read(request, paging)
    search = _search(asked)
    async with parts.db.transaction() as tx:
        found = await find_deeds(tx, search, rows_max=paging.size, offset=paging.offset)
        total = await count_deeds(tx, search)
    return parts.pages.render(
        request,
        "desk_deeds.html",
        status=asked.status,
        list=DEEDS.shown(asked, found, total, options={"deed": list(DEEDS_LABEL.labels.items())}),
    )


@router.get(f"{PAGE}/export.csv")
async def send_deeds(request: Request, parts: CurrentParts, staff: MayExport, paging: Paging) -> Response:
    """Send all pages of the list as CSV, which is a deed itself."""
    search = _search(DEEDS.read(request, paging).for_file())
    found = await export_deeds(
        parts.db, search, by=doer(request, staff), subject=partial(rows_taken, DEEDS, request), at=now()
    )
    return DEEDS.csv(found)


def _search(asked: Asked[_Words]) -> DeedSearch:
    wanted = asked.filters.model_dump()
    return DeedSearch(wanted["deed"], wanted["q"], wanted["from"], wanted["until"])
