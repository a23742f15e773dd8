"""Texts of the order desk: states of an order with their marks, its benefits, and results of bulk actions."""

from typing import Literal

from checkout.orders.labels import DEPOSIT_LABEL, PAYMENT_LABEL, SHIPPING_LABEL, STATUS_LABEL
from checkout.orders.rules.labels import OWN_CALL_LABEL
from checkout.orders.rules.money_back import money_back
from checkout.orders.rules.states import DEPOSIT_BY_STAFF, Status
from checkout.orders.stored_order import StoredOrder
from shared.events.checkout import OrderKind
from shared.shop.labels import Badge, Complete, Labels, Mark
from shared.shop.payment_calls import CALL_LABEL

ORDER_KIND_LABEL = Labels[OrderKind](
    OrderKind, {"normal": "通常受注", "preorder": "予約受注", "subscription": "定期・頒布会"}
)
_STATUS_KIND = Complete[Status, Mark](
    Status, {"in_progress": "note", "processed": "done", "cancelled": "plain"}, unknown=lambda word: "plain"
)
Action = Literal["ship", "capture", "process"]
BULK_TITLE = Labels[Action](
    Action,
    {
        "ship": "注文を発送済みにする(通常配送・店舗受取)",
        "capture": "注文を入金済みにする",
        "process": "注文を処理済みにする",
    },
)
BULK_DONE = Labels[Action](
    Action,
    {
        "ship": "発送済みにしました",
        "capture": "入金処理を依頼しました。結果は受注詳細に表示されます",
        "process": "処理済みにしました",
    },
)
_Service = Literal["checkout", "payments", "members", "notifications"]
SERVICE_LABEL = Labels[_Service](
    _Service,
    {
        "checkout": "受注",
        "payments": "決済",
        "members": "会員",
        "notifications": "通知",
    },
    unknown=lambda name: name,
)
_PointsKind = Literal["used", "granted_pending", "granted_active", "activated", "returned", "revoked"]
POINTS_LABEL = Labels[_PointsKind](
    _PointsKind,
    {
        "used": "ポイント利用",
        "granted_pending": "付与（有効待ち）",
        "granted_active": "付与（有効）",
        "activated": "有効化",
        "returned": "キャンセルによるポイント返還",
        "revoked": "付与の取消",
    },
)
_CouponsKind = Literal["coupon_redeemed", "coupon_returned"]
COUPONS_LABEL = Labels[_CouponsKind](
    _CouponsKind,
    {
        "coupon_redeemed": "クーポンのご利用",
        "coupon_returned": "クーポンの返却",
    },
)


def badges(row: StoredOrder) -> dict[str, Badge]:
    """Return (text, kind) for status, deposit, shipping and payment of a stored order."""
    ended = row.status == "cancelled"
    managed = row.payment_deposit != "never"
    return {
        "status": (STATUS_LABEL.of(row.status), _STATUS_KIND.of(row.status)),
        "deposit": _deposit(row, managed=managed, ended=ended),
        "shipping": (
            SHIPPING_LABEL.of(row.shipping),
            _kind(row.shipping == "shipped", ended, otherwise="wait"),
        ),
        "payment": _payment(row, managed=managed, ended=ended),
    }


def is_held(row: StoredOrder) -> bool:
    """Return whether the money of an unpaid order is held.

    Such an order may be shipped; its money is captured later.
    """
    return row.payment == "authorized" and row.deposit == "unpaid" and row.status != "cancelled"


def called_for(row: StoredOrder) -> list[str]:
    """Return the calls of a stored order, a short text each: チャージバック, 過入金."""
    words = (*map(CALL_LABEL.of, row.standing.calls), *map(OWN_CALL_LABEL.of, row.own_calls))
    return list(dict.fromkeys(words))


def _deposit(row: StoredOrder, *, managed: bool, ended: bool) -> Badge:
    """Return the badge of the deposit. Refunded money is no longer 入金済み; money of an ended order is being refunded."""
    if not managed:
        return "管理対象外", "plain"
    back = money_back(row) if ended else "nothing_came"
    if row.payment == "refunded" or back == "given_back":
        return _GIVEN_BACK
    if back == "owed":
        return "要返金", "stop"
    if row.payment == "refunded_in_part":
        return "一部返金", "wait"
    if row.payment == "short":
        return ("未入金", "plain") if ended else ("入金不足", "stop")
    if back == "waiting":
        return "返金保留", "stop"
    if back == "on_its_way":
        return "返金処理中", "wait"
    return DEPOSIT_LABEL.of(row.deposit), _kind(row.deposit == "paid", ended, otherwise="stop")


_GIVEN_BACK: Badge = ("返金済", "note")


def _payment(row: StoredOrder, *, managed: bool, ended: bool) -> Badge:
    if not managed:
        return "管理対象外", "plain"
    if ended and money_back(row) == "given_back":
        return _GIVEN_BACK
    if row.payment == "number_issued" and ended:
        return "無効", "plain"
    if row.payment in ("awaited", "short") and ended:
        return "取消済", "plain"
    if row.payment_deposit == "by_hand" and row.payment == "number_issued":
        return "振込待ち", "wait"
    return PAYMENT_LABEL.of(row.payment), "stop" if row.payment in ("lapsed", "short") else "note"


def _kind(done: bool, nothing_to_do: bool, *, otherwise: Mark) -> Mark:
    if done:
        return "done"
    return "plain" if nothing_to_do else otherwise


def deposit_by_staff(row: StoredOrder) -> bool:
    """Return whether staff may set this order's deposit (PAY-06)."""
    return row.payment_deposit in DEPOSIT_BY_STAFF
