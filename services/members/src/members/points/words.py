"""The points ledger in words: what happened, in which state it is, and on what condition (PNT-23, PNT-24)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from members.points.rules import GrantState, Kind
from members.shop_rules.rules import WAITING_FOR
from shared.clock import in_japan, last_day
from shared.labels import Badge, Badges, Complete, Labels, other
from shared.sql import Row

_Cause = Literal["registration", "purchase"]
_WHAT = Complete[Kind, Callable[[str], str]](
    Kind,
    {
        "granted": Labels[_Cause](
            _Cause, {"registration": "会員登録ポイント", "purchase": "購入ポイント"}
        ).of,
        "activated": Labels[_Cause](
            _Cause, {"registration": "会員登録ポイントの有効化", "purchase": "購入ポイントの有効化"}
        ).of,
        "used": lambda _: "ポイント利用",
        "returned": lambda _: "キャンセルによるポイント返還",
        "revoked": Labels[_Cause](
            _Cause, {"registration": "会員登録ポイントの取消", "purchase": "キャンセルによる付与の取消"}
        ).of,
        "expired": lambda _: "有効期限切れ",
    },
    unknown=lambda kind: lambda _: other(kind),
)
_WHY_REVOKED = Labels[_Cause](
    _Cause,
    {
        "purchase": "ご注文がキャンセルされたため取り消されました",
        "registration": "同じメールボックスの会員に付与済みのため取り消されました",
    },
)
_GRANT_STATE = Badges[GrantState](
    GrantState, {"waiting": ("有効待ち", "wait"), "active": ("有効", "done"), "revoked": ("取消", "plain")}
)
_Later = Literal["activated", "used", "returned", "revoked", "expired"]
_STATE = Badges[_Later](
    _Later,
    {
        "activated": ("有効", "done"),
        "used": ("利用済み", "plain"),
        "returned": ("有効", "done"),
        "revoked": ("取消", "plain"),
        "expired": ("期限切れ", "plain"),
    },
)


@dataclass(frozen=True)
class PointLine:
    """One line of the ledger for a page.

    ``change`` is what came or went; an activation brings nothing new, so its points stand in brackets.
    ``netting`` says why the balance moved by less than that. ``kind`` colours the badge, ``grant_id`` is set while
    points wait.
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
    netting: str
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
    # What came in, also where some of it went to earlier shortages.
    points = row.active + row.repaid + (0 if activated else row.waiting)
    return PointLine(
        at=row.posted_at,
        what=_WHAT.of(row.kind)(row.reason),
        points=points,
        change=f"（{points:,}）" if activated else f"{points:+,}",
        state=state,
        kind=kind,
        condition=_condition(row),
        order_code=row.order_code or "",
        balance=row.active_after,
        netting=_netting(row),
        by=row.by,
        shortage=row.shortage,
        grant_id=str(row.grant_id) if waits else "",
    )


def _netting(row: Row) -> str:
    if row.repaid:
        return f"うち{row.repaid:,}ポイントは、以前のご注文の不足分に充当しました"
    if row.shortage:
        return f"不足の{row.shortage:,}ポイントは、次に有効になるポイントから差し引きます"
    return ""


def _state(row: Row) -> Badge:
    return _GRANT_STATE.of(row.grant_state) if row.kind == "granted" else _STATE.of(row.kind)


def _condition(row: Row) -> str:
    if row.kind != "granted":
        return ""
    if row.grant_state == "waiting":
        return WAITING_FOR.of(row.activation)
    if row.grant_state == "revoked":
        return _WHY_REVOKED.of(row.reason)
    since = f"{in_japan(row.activated_at):%Y/%m/%d}から有効"
    return since if row.expires_at is None else f"{since}、{last_day(row.expires_at):%Y/%m/%d}まで"
