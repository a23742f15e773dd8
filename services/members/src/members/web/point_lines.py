"""The points ledger in words: what happened, in which state it is, and on what condition (PNT-23, PNT-24)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from members.domain.rules import WAITING_FOR, GrantActivation
from shared.clock import in_japan
from shared.sql import Row

_WHAT = {
    ("granted", "registration"): "会員登録ポイント",
    ("granted", "purchase"): "購入ポイント",
    ("activated", "registration"): "会員登録ポイントが有効になりました",
    ("activated", "purchase"): "購入ポイントが有効になりました",
    ("used", "order"): "ご注文での利用",
    ("returned", "order"): "ご注文キャンセルによる返還",
    ("revoked", "purchase"): "ご注文キャンセルによる取消",
    ("expired", "registration"): "有効期限切れ",
    ("expired", "purchase"): "有効期限切れ",
}


@dataclass(frozen=True)
class PointLine:
    """One line of the ledger for a page.

    ``change`` is what came or went; an activation brings nothing new, so its points stand in brackets.
    ``kind`` colours the badge, ``grant_id`` is set while points wait.
    """

    at: datetime
    what: str
    points: int
    change: str
    state: str
    kind: str
    condition: str
    order_code: str
    balance: int
    by: str
    shortage: int
    grant_id: str


def point_lines(rows: Sequence[Row]) -> list[PointLine]:
    """Return the lines of a ledger as they are shown."""
    return [_line(row) for row in rows]


def _line(row: Row) -> PointLine:
    state, kind = _state(row)
    waits = row.kind == "granted" and row.grant_state == "waiting"
    activated = row.kind == "activated"
    points = row.active if activated else row.active + row.waiting
    return PointLine(
        at=row.posted_at,
        what=_WHAT.get((row.kind, row.reason), row.kind),
        points=points,
        change=f"（{points:,}）" if activated else f"{points:+,}",
        state=state,
        kind=kind,
        condition=_condition(row),
        order_code=row.order_code or "",
        balance=row.active_after,
        by=row.by,
        shortage=row.shortage,
        grant_id=str(row.grant_id) if waits else "",
    )


def _state(row: Row) -> tuple[str, str]:
    if row.kind == "granted":
        return {"waiting": ("有効待ち", "wait"), "active": ("有効", "done")}.get(
            row.grant_state, ("取消", "plain")
        )
    return {
        "activated": ("有効", "done"),
        "used": ("利用済み", "plain"),
        "returned": ("有効", "done"),
        "revoked": ("取消", "plain"),
        "expired": ("期限切れ", "plain"),
    }[row.kind]


def _condition(row: Row) -> str:
    if row.kind != "granted":
        return ""
    mode: GrantActivation = row.activation
    if row.grant_state == "waiting":
        return WAITING_FOR[mode]
    if row.grant_state == "revoked":
        return "ご注文がキャンセルされたため取り消されました"
    since = f"{in_japan(row.activated_at):%Y/%m/%d}から有効"
    return since if row.expires_at is None else f"{since}、{in_japan(row.expires_at):%Y/%m/%d}まで"
