"""操作の記録 of all desks: who did what, from where, and who tried to come in (STF-03)."""

from datetime import date

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from members.deeds.rows import Deed, DeedSearch, count_deeds, find_deeds
from shared.labels import Badges
from shared.web.paging import Paging
from shared.web.parts import Here
from shared.web.session import require_role

router = APIRouter(dependencies=[Depends(require_role("owner"))], include_in_schema=False)

PAGE = "/desk/members/deeds"
_DAYS = (date(2000, 1, 1), date(2999, 12, 31))
_WORDS = Badges[Deed](
    Deed,
    {
        "logged_in": ("ログイン", "done"),
        "login_failed": ("ログイン失敗", "wait"),
        "locked_out": ("ログインの制限", "stop"),
        "members_exported": ("会員データの出力", "note"),
        "orders_exported": ("受注データの出力", "note"),
        "payments_exported": ("決済データの出力", "note"),
        "payment_looked_up": ("決済会社への照会", "note"),
        "mails_resent": ("メールの再送", "note"),
        "rules_changed": ("ポイント・会員設定の変更", "note"),
        "coupon_defined": ("クーポンの登録", "note"),
        "coupon_issued": ("クーポンの発行", "note"),
        "points_activated": ("ポイントを有効化", "note"),
        "reset_started": ("パスワード設定のメール送信", "note"),
    },
)


@router.get(PAGE)
async def list_deeds(request: Request, parts: Here, asked: Paging) -> Response:
    """Show the deeds found, newest first. What no filter is (another kind, no day) filters nothing."""
    query = request.query_params
    search = DeedSearch(
        query.get("deed", "") if query.get("deed") in _WORDS else "",
        query.get("q", "").strip()[:100],
        _day(query.get("from", "")),
        _day(query.get("until", "")),
    )
    async with parts.db.transaction() as tx:
        rows = await find_deeds(tx, search, rows_max=asked.size, offset=asked.offset)
        total = await count_deeds(tx, search)
    return parts.pages.render(
        request,
        "desk_deeds.html",
        deeds=[
            {
                "at": row.done_at,
                "by": row.by or "不明",
                "word": _WORDS.of(row.deed)[0],
                "kind": _WORDS.of(row.deed)[1],
                "subject": row.subject,
                "ip": row.ip,
            }
            for row in rows
        ],
        page=asked.of(total),
        search=search,
        kinds=list(_WORDS.words.items()),
        narrowed=search != DeedSearch(),
    )


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if _DAYS[0] <= day <= _DAYS[1] else None
