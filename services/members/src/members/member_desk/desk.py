"""会員検索 at the desk, and 会員データ出力ファイル of what was found (AP-04, MEM-13)."""

from typing import Literal

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from members.accounts.search import MemberSearch, count_members, find_members
from members.deeds.doer import doer
from members.member_desk.columns import COLUMNS
from members.member_desk.export_members import export_members
from shared.clock import now
from shared.web.csv_file import csv_response
from shared.web.paging import Paging
from shared.web.parts import Here
from shared.web.session import Owner, require_staff

router = APIRouter(dependencies=[Depends(require_staff)], include_in_schema=False)

Amazon = Literal["", "linked", "unlinked"]
_TABS: tuple[tuple[str, Amazon], ...] = (("すべて", ""), ("Amazon連携済み", "linked"), ("未連携", "unlinked"))


def _search(request: Request) -> MemberSearch:
    asked = request.query_params.get("amazon", "")
    amazon: Amazon = next((kind for _, kind in _TABS if kind == asked), "")
    return MemberSearch(request.query_params.get("q", "").strip()[:100], amazon)


@router.get("/desk/members")
async def list_members(
    request: Request, parts: Here, asked: Paging, sort: str = "-registered_at"
) -> Response:
    """Show the members found."""
    search = _search(request)
    async with parts.db.transaction() as tx:
        rows = await find_members(tx, search, sort=sort, rows_max=asked.size, offset=asked.offset)
        counts = {kind: await count_members(tx, MemberSearch(search.words, kind)) for _, kind in _TABS}
    return parts.pages.render(
        request,
        "desk_members.html",
        members=[
            {
                "path": f"/desk/members/{row.member_id}",
                "name": row.name,
                "kana": row.kana,
                "email": row.email,
                "linked_at": row.linked_at,
                "points": row.points_active,
                "waiting": row.points_waiting,
                "registered_at": row.registered_at,
                "via_amazon": row.linked_at == row.registered_at,
            }
            for row in rows
        ],
        tabs=[(label, kind, counts[kind], kind == search.amazon) for label, kind in _TABS],
        words=search.words,
        amazon=search.amazon,
        page=asked.of(counts[search.amazon]),
        sort=sort,
    )


@router.get("/desk/members/export.csv")
async def send_members(request: Request, parts: Here, seen: Owner) -> Response:
    """Send the file, row by row; only to owners, and it is written down that they have it."""
    cells = await export_members(parts.db, _search(request), by=doer(request, seen), at=now())
    return csv_response("members", COLUMNS, cells)
