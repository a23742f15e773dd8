"""Texts of the points ledger: kind, state and condition of each line (PNT-23, PNT-24)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from members.points.rows import LedgerLine
from members.points.rules import GrantState, PostingKind
from members.shop_rules.labels import WAITING_FOR
from shared.clock import in_japan, last_day
from shared.shop.labels import Badge, Badges, Complete, Labels, other

_Cause = Literal["registration", "purchase"]
_WHAT = Complete[PostingKind, Callable[[str], str]](
    PostingKind,
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
_GRANTED_AGAIN = "購入ポイントの再付与"
_REVOKED_AFTER_REFUND = "全額返金による付与の取消"
_WHY_REVOKED_AFTER_REFUND = "ご注文の代金がすべて返金されたため取り消されました"
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

    ``change`` are the points added or removed. An activation adds no new points, so its points are in brackets.
    ``netting`` says why the balance changed by fewer points. ``kind`` sets the colour of the badge. ``grant_id`` is set
    while points wait.
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


def point_lines(lines: Sequence[LedgerLine]) -> list[PointLine]:
    """Return the lines of a ledger as pages show them."""
    return [_line(line) for line in lines]


def _line(line: LedgerLine) -> PointLine:
    state, kind = _state(line)
    waits = line.kind == "granted" and line.grant_state == "waiting"
    activated = line.kind == "activated"
    # All points of the entry, including the part that repaid earlier shortages.
    points = line.active + line.repaid + (0 if activated else line.waiting)
    return PointLine(
        at=line.posted_at,
        what=_what(line),
        points=points,
        change=f"（{points:,}）" if activated else f"{points:+,}",
        state=state,
        kind=kind,
        condition=_condition(line),
        order_code=line.order_code or "",
        balance=line.active_after,
        netting=_netting(line),
        by=line.by,
        shortage=line.shortage,
        grant_id=str(line.grant_id) if waits else "",
    )


def _what(line: LedgerLine) -> str:
    if line.kind == "granted" and (line.grant_number or 1) > 1:
        return _GRANTED_AGAIN
    if line.kind == "revoked" and line.money_returned:
        return _REVOKED_AFTER_REFUND
    return _WHAT.of(line.kind)(line.reason)


def _netting(line: LedgerLine) -> str:
    if line.repaid:
        return f"うち{line.repaid:,}ポイントは、以前のご注文の不足分に充当しました"
    if line.shortage:
        return f"不足の{line.shortage:,}ポイントは、次に有効になるポイントから差し引きます"
    return ""


def _state(line: LedgerLine) -> Badge:
    return _GRANT_STATE.of(line.grant_state or "revoked") if line.kind == "granted" else _STATE.of(line.kind)


def _condition(line: LedgerLine) -> str:
    if line.kind != "granted" or line.activation is None:
        return ""
    if line.grant_state == "waiting":
        return WAITING_FOR.of(line.activation)
    if line.grant_state == "revoked":
        return _WHY_REVOKED_AFTER_REFUND if line.money_returned else _WHY_REVOKED.of(line.reason)
    if line.activated_at is None:
        return ""
    since = f"{in_japan(line.activated_at):%Y/%m/%d}から有効"
    return since if line.expires_at is None else f"{since}、{last_day(line.expires_at):%Y/%m/%d}まで"
