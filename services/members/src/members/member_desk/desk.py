"""会員検索 at the desk, and 会員データ出力ファイル of the found members (AP-04, MEM-13)."""

from typing import Literal, cast

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from members.accounts.search import FoundMember, MemberSearch, count_members, find_members
from members.deeds.at_own_desk import AtOwnDesk
from members.deeds.doer import doer
from members.member_desk.columns import COLUMNS, member_cells
from members.member_desk.export_members import export_members
from shared.clock import now
from shared.web.cells import Cell, at, badge, hint, link, number, text
from shared.web.csv_file import csv_response
from shared.web.fields import Line
from shared.web.lists import Asked, Column, DeskList, SearchBox, Tabs
from shared.web.paging import Paging
from shared.web.parts import CurrentParts
from shared.web.saved_searches import SavedSearches
from shared.web.session import MayExport, Staff, Viewer, needs

router = APIRouter(include_in_schema=False)

Amazon = Literal["", "linked", "unlinked"]


class MemberFilters(BaseModel):
    """Words in name, furigana, address or telephone."""

    q: Line = Field("", title="検索する言葉", max_length=100)


def _path(member: FoundMember) -> str:
    return f"/desk/members/{member.member_id}"


def _name(member: FoundMember) -> Cell:
    name = link(member.name, _path(member))
    return (name, hint(text(member.kana))) if member.kana else name


def _amazon(member: FoundMember) -> Cell:
    if not member.linked_at:
        return badge(("未連携", "plain"))
    return badge(("Amazonで登録" if member.linked_at == member.registered_at else "連携済み", "done"))


MEMBERS = DeskList[MemberFilters, FoundMember](
    path="/desk/members",
    filters=MemberFilters,
    columns=[
        Column("氏名", _name, sort="kana", css="card-who"),
        Column("メールアドレス", lambda one: text(one.email)),
        Column("Amazon連携", _amazon, css="card-state"),
        Column(
            "有効ポイント",
            lambda one: number(one.points_active),
            sort="points",
            css="card-amount",
            numeric=True,
            named=True,
        ),
        Column("有効待ち", lambda one: number(one.points_waiting), numeric=True, named=True),
        Column("登録日時", lambda one: at(one.registered_at), sort="registered_at", named=True),
    ],
    href=_path,
    tabs=Tabs("amazon", {"": "すべて", "linked": "Amazon連携済み", "unlinked": "未連携"}, keeps=True),
    sort="-registered_at",
    search=SearchBox("氏名・フリガナ・メールアドレス・電話番号", label="会員を検索"),
)


def _at_desk(request: Request, staff: Viewer) -> AtOwnDesk:
    return AtOwnDesk(doer(request, staff), "searches_changed")


SEARCHES = SavedSearches(MEMBERS, _at_desk)
router.include_router(SEARCHES.router())


def _search(asked: Asked[MemberFilters], tab: str) -> MemberSearch:
    return MemberSearch(asked.filters.q, cast(Amazon, tab))


@router.get(MEMBERS.path, dependencies=[needs("read_members")])
async def list_members(request: Request, parts: CurrentParts, paging: Paging, staff: Staff) -> Response:
    """Show the found members."""
    asked = MEMBERS.read(request, paging)
    search = _search(asked, asked.tab)
    async with parts.db.transaction() as tx:
        found = await find_members(tx, search, sort=asked.sort, rows_max=paging.size, offset=paging.offset)
        saved = await SEARCHES.shown(tx, asked, staff)
        counts = {tab: await count_members(tx, _search(asked, tab)) for tab in ("", "linked", "unlinked")}
    return parts.pages.render(
        request,
        "desk_members.html",
        status=asked.status,
        list=MEMBERS.shown(asked, found, counts[asked.tab], counts=counts),
        saved=saved,
    )


@router.get("/desk/members/export.csv")
async def send_members(request: Request, parts: CurrentParts, paging: Paging, staff: MayExport) -> Response:
    """Stream the file row by row. Only owners may export, and the export is recorded."""
    asked = MEMBERS.read(request, paging).for_file()
    search = _search(asked, asked.tab)
    found = await export_members(
        parts.db, search, by=doer(request, staff), subject=lambda count: f"{count:,}人", at=now()
    )
    return csv_response("members", COLUMNS, member_cells(found))
