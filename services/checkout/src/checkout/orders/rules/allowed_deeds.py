"""Checks which actions of staff an order allows now, beyond the moves of ``order.py``. A refusal gives the reason."""

from checkout.orders.rules.order import Order
from checkout.orders.rules.states import DEPOSIT_BY_STAFF, LOST_CHARGEBACK
from shared.errors import Refused

NO_REAUTHORIZATION = (
    "このお支払いは再与信できません。お客様に別のお支払い方法をご案内するか、キャンセルしてください。"
)
_SECURED = ("authorized", "captured", "refunded_in_part")


def check_shippable(order: Order, *, override: str = "") -> None:
    """Refuse to ship an order that is cancelled or shipped, or whose money must come first (KON-35, PAY-14).

    ``override`` is the reason of a person who ships although the money is no longer secured.
    """
    if order.status == "cancelled" or order.shipping == "shipped":
        order.moved("ship")
    if risk := unsecured(order):
        if override:
            return
        raise Refused("payment_unsecured", risk, field="override_reason")
    if order.paid_before_shipping and order.deposit == "unpaid":
        raise Refused("unpaid_prepaid", "前払いの注文です。入金を確認してから発送してください。")
    if order.payment_flow == "authorized" and order.payment not in _SECURED:
        raise Refused(
            "payment_not_authorized", "決済がまだ承認されていません。承認を確認してから発送してください。"
        )


def unsecured(order: Order) -> str:
    """Return why the money of the order is no longer secured, worded for staff. Return "" if it is, or never was."""
    if order.status == "cancelled" or order.shipping == "shipped":
        return ""
    if order.payment == "lapsed":
        return (
            "与信が切れているため発送できません。再与信するか、お客様に別のお支払い方法をご案内してください。"
        )
    if order.payment == "short":
        return "入金が取り消されたため発送できません。お客様にお支払いの状況を確認してください。"
    if LOST_CHARGEBACK in order.standing.calls:
        return "チャージバックで代金が回収されたため発送できません。お客様に確認してください。"
    if order.payment == "refunded":
        return "代金がお客様に戻っているため発送できません。注文をどうするか、お客様に確認してください。"
    if "chargeback" in order.standing.calls:
        return "チャージバックの申し立てがあるため発送できません。決済の内容を確認してください。"
    return ""


def check_reauthorizable(order: Order) -> None:
    """Refuse a new hold if the old one has not ended, if one was requested, or if the provider offers none (AP-34)."""
    if order.status == "cancelled":
        order.moved("ship")
    if order.payment != "lapsed":
        raise Refused("authorization_not_ended", "与信は切れていません。画面を開き直してください。")
    if order.standing.reauthorization_requested_at is not None:
        raise Refused("reauthorization_already_requested", "再与信を依頼済みです。結果をお待ちください。")
    if not order.standing.may_reauthorize:
        raise Refused("reauthorization_impossible", NO_REAUTHORIZATION)


def check_capturable(order: Order) -> None:
    """Refuse to request a deposit that staff may not set (PAY-06), that arrived, or that was requested."""
    if order.status == "cancelled" or order.deposit == "paid":
        order.moved("deposit")
    if order.payment_deposit not in DEPOSIT_BY_STAFF:
        raise Refused("deposit_not_by_staff", "このお支払い方法の入金状況は手動で変更できません。")
    if order.payment == "lapsed":
        raise Refused(
            "authorization_ended", "与信が切れているため入金処理はできません。先に再与信が必要です。"
        )
    if order.payment == "refunded":
        raise Refused("money_went_back", "代金がお客様に戻っているため、入金処理はできません。")
    if order.capture_requested_at is not None:
        raise Refused("capture_already_requested", "入金処理を依頼済みです。結果をお待ちください。")


def check_cancellable(order: Order, *, although_shipped: bool) -> None:
    """Refuse to cancel a cancelled order. Refuse a shipped one without ``although_shipped``."""
    if order.status == "cancelled":
        raise Refused("order_already_cancelled", "すでにキャンセルされています。")
    if any(parcel.shipped for parcel in order.parcels) and not although_shipped:
        raise Refused(
            "order_already_shipped",
            "発送済みの注文です。返品・受取拒否の場合は「発送後にキャンセルする」を選んでください。",
            field="although_shipped",
        )
