"""Decides which step an order needs next, by its payment flow (ORD-02, ORD-03)."""

from dataclasses import dataclass
from typing import Literal

from checkout.orders.rules.allowed_deeds import NO_REAUTHORIZATION
from checkout.orders.rules.money_back import refund_waits_for
from checkout.orders.rules.order import Order
from checkout.orders.rules.states import LOST_CHARGEBACK
from checkout.payment_menu.rules import PaymentDeposit

StepGroup = Literal["common", "deposit", "shipping"]


@dataclass(frozen=True, slots=True)
class OrderStep:
    """One of the twelve steps. Capital letters are work. Small letters are mails and the parcel."""

    code: str
    label: str
    group: StepGroup


STEPS: dict[str, OrderStep] = {
    step.code: step
    for step in (
        OrderStep("A", "受注を確認する", "common"),
        OrderStep("B", "受注管理ソフトへ取り込む", "common"),
        OrderStep("G", "処理済みにする", "common"),
        OrderStep("a", "サンクスメール", "common"),
        OrderStep("C", "入金をまつ", "deposit"),
        OrderStep("F", "入金処理", "deposit"),
        OrderStep("H", "決済サービス管理画面で入金処理", "deposit"),
        OrderStep("b", "ご入金確認メール", "deposit"),
        OrderStep("D", "送り状番号を登録する", "shipping"),
        OrderStep("E", "発送処理", "shipping"),
        OrderStep("c", "発送", "shipping"),
        OrderStep("d", "発送通知メール", "shipping"),
    )
}

_DEPOSIT_STEPS: dict[PaymentDeposit, tuple[str, ...]] = {
    "capture": ("F", "H", "b"),
    "automatic": ("C", "b"),
    "by_hand": ("C", "F", "b"),
    "never": (),
}
_PARCEL_STEPS = ("D", "E", "c", "d")


def workflow(deposit: PaymentDeposit, *, paid_before_shipping: bool) -> tuple[str, ...]:
    """Return the steps of an order by who makes it 入金済み, and by whether the deposit comes before the parcel."""
    money = _DEPOSIT_STEPS[deposit]
    work = (*money, *_PARCEL_STEPS) if paid_before_shipping else (*_PARCEL_STEPS, *money)
    return ("A", "B", "a", *work, "G")


# A step in addition to the twelve, only after the hold on the buyer's money ended (AP-34, PAY-30).
REAUTHORIZE = OrderStep("R", "再与信", "deposit")


@dataclass(frozen=True, slots=True)
class NextStep:
    """The step for which an order waits. ``step`` is None if nothing is left to do."""

    step: OrderStep | None
    text: str
    kind: Literal["done", "wait", "stop", "note"]


def next_step(order: Order, *, overdue: bool = False) -> NextStep:
    """Return the next task of staff or buyer for ``order``. ``overdue`` means that its payment deadline passed."""
    if order.status == "cancelled":
        if order.calls:
            return NextStep(None, "キャンセルされた注文ですが、確認が必要な項目があります。", "stop")
        return NextStep(None, "キャンセルされた注文です。必要な処理はありません。", "note")
    if order.payment == "lapsed":
        return NextStep(REAUTHORIZE, _lapsed_text(order), "stop")
    if order.payment in _GONE:
        return NextStep(STEPS["A"], _gone_text(order), "stop")
    unpaid = order.deposit == "unpaid" and order.payment_deposit != "never"
    if unpaid and "short_money" in order.standing.calls and order.payment != "authorized":
        return NextStep(STEPS["A"], _short_text(order), "stop")
    if unpaid and order.paid_before_shipping:
        return _overdue_step(order) if overdue else _deposit_step(order)
    if order.payment_flow == "authorized" and order.payment == "awaited":
        return NextStep(STEPS["A"], "決済の承認を待っています。承認されるまで発送できません。", "wait")
    if order.shipping == "unshipped":
        return NextStep(STEPS["E"], _shipping_text(order), "wait")
    if unpaid:
        return _deposit_step(order)
    if order.calls:
        return NextStep(STEPS["A"], "確認が必要な項目があります。上の内容を確認してください。", "stop")
    if order.status == "processed":
        return NextStep(None, "すべての処理が完了しています。", "done")
    return NextStep(STEPS["G"], "発送と入金が完了しました。必要であれば処理済みにしてください。", "note")


_GONE = ("voided", "short", "refunded")


def _deposit_step(order: Order) -> NextStep:
    """Return how an unpaid order becomes 入金済み."""
    if order.payment_deposit == "capture":
        return NextStep(STEPS["F"], _capture_text(order), "stop" if order.processed_but_unpaid else "wait")
    if order.payment_deposit == "by_hand":
        return NextStep(
            STEPS["F"], "入金をまち、口座への入金を確認したら、入金日を登録してください。", "wait"
        )
    return NextStep(STEPS["C"], "お客様のお支払いを待っています。入金は自動で反映されます。", "wait")


def _overdue_step(order: Order) -> NextStep:
    """Return the remaining task for an order with a passed deadline, until it ends automatically."""
    ends = "確認できない場合、ご注文は自動的にキャンセルされます。"
    if order.payment_deposit == "by_hand":
        return NextStep(
            STEPS["F"],
            f"お支払い期限を過ぎています。入金がある場合は、入金日を登録してください。{ends}",
            "stop",
        )
    return NextStep(STEPS["C"], f"お支払い期限を過ぎています。入金を確認しています。{ends}", "stop")


def _gone_text(order: Order) -> str:
    ask = "注文をどうするか、お客様に確認してください。"
    if order.payment == "voided":
        return f"決済が取り消されています。{ask}"
    shipped = "すでに発送済みです。" if order.shipping == "shipped" else "このままでは発送できません。"
    if order.payment == "short":
        return f"入金が取り消され、代金が不足しています。{shipped}お客様にお支払いの状況を確認してください。"
    if LOST_CHARGEBACK in order.standing.calls:
        return f"チャージバックで代金が回収されました。{shipped}{ask}"
    return f"代金はお客様に戻っています。{shipped}{ask}"


def _short_text(order: Order) -> str:
    """Return what happens with an insufficient deposit. The method decides whether the buyer can still pay the rest."""
    ways = "不足のまま確定するか、注文をキャンセルしてください。確定は決済の画面で行います。"
    if order.payment_deposit == "by_hand":
        return f"入金が ¥{order.missing_money:,} 足りません。残額のお振り込みを待つか、{ways}"
    return f"入金が ¥{order.missing_money:,} 足りません。このお支払い方法では、残額をあとからお支払いいただけません。お客様に連絡し、{ways}"


def _shipping_text(order: Order) -> str:
    left = sum(not parcel.shipped for parcel in order.parcels)
    if left < len(order.parcels):
        return f"お届け先{len(order.parcels)}件のうち、未発送が{left}件あります。"
    return "発送処理をしてください。送り状番号は必要な場合のみ登録します。"


def _lapsed_text(order: Order) -> str:
    if order.standing.reauthorization_requested_at is not None:
        return "再与信を依頼しました。決済サービスの結果を待っています。"
    if order.standing.may_reauthorize and order.shipping == "shipped":
        return "発送済みですが、与信が切れています。再与信してから、入金処理をしてください。"
    if order.standing.may_reauthorize and "short_money" in order.standing.calls:
        return (
            f"入金が ¥{order.missing_money:,} 足りません。残額を再与信するか、決済の画面で不足のまま確定するか、キャンセルして"
            "ください。このままでは発送できません。"
        )
    if order.standing.may_reauthorize:
        return "与信が切れています。再与信するか、キャンセルしてください。このままでは発送できません。"
    return f"与信が切れています。{NO_REAUTHORIZATION}"


def _capture_text(order: Order) -> str:
    if order.capture_requested_at is not None:
        return "入金処理を依頼しました。決済サービスの結果を待っています。"
    if order.processed_but_unpaid:
        return "処理済みですが未入金です。入金処理の漏れがないか確認してください。"
    return (
        "入金処理をしてください。発送と同時に売上を確定する設定の場合は、数分で入金済みになります。"
        "数分たっても未入金のときは、入金処理を依頼してください。"
    )


def capture_warnings(order: Order) -> list[str]:
    """Return the warnings before a deposit step. A deposit belongs after shipping (PAY-29)."""
    if order.payment_deposit == "capture" and order.shipping == "unshipped":
        return ["未発送の注文です。このお支払い方法では、通常は発送処理の後に入金処理を行います。"]
    return []


def processed_warnings(order: Order) -> list[str]:
    """Return the warnings before 処理済み: an open deposit (PAY-11, ORD-15), an unshipped parcel (ORD-20)."""
    warnings = []
    if order.deposit == "unpaid" and order.payment_deposit == "capture":
        warnings.append(
            "未入金の注文です。処理済みにすると「通常処理中/未入金」の一覧に表示されなくなり、入金処理が漏れるおそれがあります。"
        )
    elif order.deposit == "unpaid" and order.payment_deposit != "never":
        warnings.append("未入金の注文です。")
    if order.shipping == "unshipped":
        warnings.append("未発送の注文です。")
    if order.calls:
        warnings.append("確認が必要な項目が残っています。")
    return warnings


def cancel_effects(order: Order, *, coupon: str = "") -> list[str]:
    """Return the effects of cancelling ``order`` on stock, points, its ``coupon`` and money, as text (ORD-21)."""
    shipped = any(parcel.shipped for parcel in order.parcels)
    effects = [
        "発送済みの商品は、在庫に自動では戻りません。返品を受け取ってから在庫を追加してください。"
        if shipped
        else "確保していた在庫を戻します。"
    ]
    if order.points_used:
        effects.append(f"ご利用ポイント {order.points_used:,}ポイントを会員に返します。")
    if coupon:
        effects.append(f"ご利用クーポン「{coupon}」を会員に返します（有効期限は延びません）。")
    effects.append("この注文で付与したポイントがあれば取り消します。")
    return [*effects, *_money_effects(order)]


def _money_effects(order: Order) -> list[str]:
    effects = [_refund_text(order, order.money_with_us)] if order.money_with_us else []
    if order.payment == "authorized":
        effects.append(f"¥{order.total:,} の与信を取り消します。売上は発生しません。")
    elif order.payment == "number_issued":
        effects.append(
            "この後に届いたお振り込みは、お客様に返金します。"
            if order.payment_deposit == "by_hand"
            else "発行済みのお支払い番号を無効にします。"
        )
    if effects:
        return effects
    if order.payment == "captured":
        return ["お支払いは ¥0 のため、返金はありません。"]
    if order.payment in ("short", "refunded", "refunded_in_part"):
        return ["お預かりしているお金はないため、返金はありません。"]
    if order.door_amount:
        return [
            f"お届け時に ¥{order.door_amount:,} を受け取っている場合は、店舗からお客様に返金してください（自動では返金され"
            "ません）。メールとご注文のページで、返金することをお伝えします。"
        ]
    if order.payment_flow == "unmanaged":
        return ["お届け前のため、お金の動きはありません。お客様のお支払いは不要です。"]
    return ["決済は行われていないため、お金の動きはありません。"]


def _refund_text(order: Order, money: int) -> str:
    match refund_waits_for(order.standing.calls):
        case "chargeback":
            return (
                f"チャージバックの申し立て中のため、お預かりしている ¥{money:,} は、結果が決まるまで返金しません。店舗の主張が"
                "認められた場合は、その後に返金します。"
            )
        case "check":
            return f"不明な返金があるため、お預かりしている ¥{money:,} は、決済の画面で確認済みにするまで返金しません。"
    suspense = max(order.standing.suspense - order.standing.refunded, 0)
    if suspense:
        return f"お預かりしている ¥{money:,} をすべて返金します（うち仮受金 ¥{min(suspense, money):,}）。"
    if order.standing.refunded:
        return f"お預かりしている ¥{money:,} を返金します（¥{order.standing.refunded:,} は返金済みです）。"
    return f"入金済みの ¥{money:,} を返金します。"
