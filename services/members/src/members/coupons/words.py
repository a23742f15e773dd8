"""Coupons in words, for the desk and for the member who holds them."""

from datetime import datetime
from typing import Any

from members.coupons.rules import effect
from shared.clock import last_day
from shared.sql import Row


def coupon_line(row: Row, *, at: datetime) -> dict[str, Any]:
    """Return a coupon that a member holds as pages show it, with its state as of ``at``."""
    state, kind = _state(row, at)
    return {
        "id": str(row.issue_id),
        "coupon_id": str(row.coupon_id),
        "name": row.name,
        "effect": effect(row.kind, row.value),
        "condition": f"商品合計¥{row.minimum:,}以上" if row.minimum else "",
        "until": f"{last_day(row.expires_at):%Y/%m/%d}",
        "state": state,
        "kind": kind,
        "left": max(0, row.uses_max - row.uses),
        "uses": row.uses,
        "uses_max": row.uses_max,
        "issued_at": row.issued_at,
        "issued_by": row.issued_by,
    }


def _state(row: Row, at: datetime) -> tuple[str, str]:
    if row.uses >= row.uses_max:
        return "ご利用済み・お手続き中", "plain"
    if row.expires_at <= at:
        return "期限切れ", "plain"
    return ("受付終了", "plain") if row.sold_out else ("利用できます", "done")
