"""操作の記録 of the members desk: who did what, from where, and who tried to come in (STF-03)."""

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from members.storage.staff_deeds import Deed, count_deeds, find_deeds
from members.web.parts import Here
from shared.web.paging import Paging
from shared.web.session import require_role

router = APIRouter(dependencies=[Depends(require_role("owner"))], include_in_schema=False)

PAGE = "/desk/members/deeds"
_WORDS: dict[Deed, tuple[str, str]] = {
    "logged_in": ("ログイン", "done"),
    "login_failed": ("ログイン失敗", "wait"),
    "locked_out": ("ログインの制限", "stop"),
    "members_exported": ("会員データの出力", "note"),
    "rules_changed": ("ポイント・会員設定の変更", "note"),
    "coupon_defined": ("クーポンの登録", "note"),
    "coupon_issued": ("クーポンの発行", "note"),
    "points_activated": ("ポイントを有効化", "note"),
    "reset_started": ("パスワード設定のメール送信", "note"),
}


@router.get(PAGE)
async def list_deeds(request: Request, parts: Here, asked: Paging) -> Response:
    """Show the deeds, newest first."""
    async with parts.db.transaction() as tx:
        rows = await find_deeds(tx, rows_max=asked.size, offset=asked.offset)
        total = await count_deeds(tx)
    return parts.pages.render(
        request,
        "desk_deeds.html",
        deeds=[
            {
                "at": row.done_at,
                "by": row.by or "不明",
                "word": _WORDS.get(row.deed, (row.deed, "plain"))[0],
                "kind": _WORDS.get(row.deed, (row.deed, "plain"))[1],
                "subject": row.subject,
                "ip": row.ip,
            }
            for row in rows
        ],
        page=asked.of(total),
    )
