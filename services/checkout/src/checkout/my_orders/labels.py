"""The state of an order, worded for its buyer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from checkout.orders.rules.money_back import money_back
from checkout.orders.stored_order import Destination, StoredOrder
from checkout.orders.told.payment import Refund
from shared.clock import in_japan
from shared.events.payments import FailureReason, RefundRoute
from shared.shop.labels import Labels, Mark
from shared.shop.money_back import MONEY_BACK

_PROVIDER_ERROR = "決済会社でエラーが起きたため、お支払いが完了しませんでした。"
# PAY-22 and AP-17: what went wrong, and what to do about it.
FAILED = Labels[FailureReason](
    FailureReason,
    {
        "marketplace_not_supported": "申し訳ございません、Amazon PayではAmazon.co.jpアカウントのみご利用可能です。",
        "insufficient_balance": "残高が不足していたため、お支払いが完了しませんでした。",
        "wrong_card_data": "カード情報に誤りがあったため、お支払いが完了しませんでした。",
        "expired_card": "カードの有効期限が切れているため、お支払いが完了しませんでした。",
        "limit_exceeded": "ご利用限度額を超えているため、お支払いが完了しませんでした。",
        "amount_mismatch": "金額が一致しなかったため、お支払いを取りやめました。",
        "buyer_abandoned": "お支払いの手続きが途中で終了しました。",
        "declined": "お支払い方法が承認されませんでした。",
        "provider_error": _PROVIDER_ERROR,
    },
    unknown=lambda word: _PROVIDER_ERROR,
)

# The text after the amount.
_ROUTE = Labels[RefundRoute | Literal["dispute"]](
    RefundRoute | Literal["dispute"],
    {
        "provider": "を、お支払いに使われた方法へ返金しました",
        "gift_card": "をギフトカードで返金しました",
        "bank_transfer": "を銀行振込で返金しました",
        "dispute": "が、カード会社などを通じて返金されました",
    },
    unknown=lambda word: "を返金しました",
)


def refund_sentence(refund: Refund) -> str:
    """Return the sentence about one refund. It names an excess payment."""
    amount, excess = refund.amount, refund.excess
    how = _ROUTE.of(refund.route)
    if excess == amount:
        return f"お支払いの超過分 ¥{amount:,}{how}。"
    return f"¥{amount:,}{f'（うち超過分 ¥{excess:,}）' if excess else ''}{how}。"


@dataclass(frozen=True)
class Progress:
    """One state text with its mark, and a sentence about the next step."""

    word: str
    kind: Mark
    text: str


def progress(row: StoredOrder) -> Progress:
    """Return the progress of an order."""
    if row.status == "cancelled":
        return _cancelled(row)
    if row.payment in ("refunded", "refunded_in_part"):
        return _refunded(row)
    if row.payment == "short":
        return _taken_back(row)
    if row.shipping == "shipped":
        at_door = row.payment_flow == "unmanaged" and row.total
        pay = f"商品のお受け取り時に ¥{row.total:,} をお支払いください。" if at_door else ""
        return Progress("発送済み", "done", f"商品を発送しました。到着までお待ちください。{pay}")
    if row.payment == "number_issued" and row.payment_deposit == "automatic" and row.standing.money:
        text = "ご入金いただいた金額がご注文金額に足りません。お店からのご連絡をお待ちください。"
        return Progress("お支払いの確認中", "wait", text)
    if row.payment == "number_issued":
        return Progress("お支払い待ち", "wait", "期限までにお支払いください。ご入金の確認後に発送します。")
    if row.deposit == "paid":
        nothing = row.total == 0
        text = "お支払いは不要です。" if nothing else "ご入金を確認しました。"
        return Progress("発送準備中" if nothing else "ご入金済み", "done", f"{text}発送の準備をしています。")
    if row.payment == "authorized":
        return Progress("発送準備中", "note", "お支払い方法を確認しました。発送の準備をしています。")
    if row.payment == "lapsed":
        text = "お支払いについて確認が必要です。お店からのご連絡をお待ちください。"
        return Progress("お支払いの確認中", "wait", text)
    if row.payment_flow == "unmanaged":
        text = f"ご注文を承りました。商品のお受け取り時に ¥{row.total:,} をお支払いください。"
        return Progress(
            "ご注文受付", "note", text if row.total else "ご注文を承りました。お支払いは不要です。"
        )
    return _awaited(row)


def overdue(
    row: StoredOrder, due_at: datetime, accepted_until: datetime | None, at: datetime
) -> Progress | None:
    """Return the progress of an order with a passed deadline that is not cancelled yet. Return None before that."""
    if row.status == "cancelled" or row.payment != "number_issued" or at <= due_at:
        return None
    text = f"お支払い期限（{_minute(due_at)}）を過ぎました。"
    if row.payment_deposit == "by_hand" and accepted_until is not None and at < accepted_until:
        text += f"{_minute(accepted_until)}までにご入金を確認できた場合は、ご注文を承ります。"
    else:
        text += "お支払いがお済みの場合は、ご入金を確認できるまでお待ちください。"
    return Progress(
        "お支払い期限切れ", "stop", f"{text}確認できない場合、ご注文は自動的にキャンセルされます。"
    )


def _minute(at: datetime) -> str:
    return f"{in_japan(at):%Y/%m/%d %H:%M}"


def _awaited(row: StoredOrder) -> Progress:
    """Return the text before an authorization. It promises nothing for a method that authorizes later."""
    if row.payment != "awaited" or not row.total:
        return Progress("ご注文受付", "note", "ご注文を承りました。")
    if row.payment_flow == "authorized":
        return Progress("お支払いの確認待ち", "wait", "お支払いを確認してから、ご注文が確定します。")
    if row.payment_deposit == "automatic":
        return Progress("ご注文受付", "wait", "お支払い番号を発行しています。")
    return Progress("ご注文受付", "wait", "ご注文を承りました。お支払い先をご用意しています。")


def _refunded(row: StoredOrder) -> Progress:
    if row.payment == "refunded_in_part":
        word = "発送済み" if row.shipping == "shipped" else "ご入金済み"
        return Progress(word, "done", "お支払いの一部を返金しました。")
    text = "お支払いいただいた金額はお客様に戻っています。ご不明な点は、お店へお問い合わせください。"
    return Progress("返金済み", "note", text)


def _taken_back(row: StoredOrder) -> Progress:
    """Return the text for money that was taken back by the till of a konbini or by a bank."""
    text = "お支払いについて確認が必要です。お店からのご連絡をお待ちください。"
    if row.payment_flow == "prepaid" and row.payment_deposit == "automatic":
        text = (
            "ご入金が取り消されたと連絡がありました。お支払いがお済みでない場合は、お支払い期限までに"
            "同じお支払い番号でお支払いください。お済みの場合は、お店へお問い合わせください。"
        )
    if row.shipping == "shipped":
        return Progress("発送済み", "wait", f"商品を発送しました。{text}")
    return Progress("お支払いの確認中", "stop", text)


def _cancelled(row: StoredOrder) -> Progress:
    if row.cancel_reason == "unpaid":
        text = "お支払い期限を過ぎたため、ご注文は自動的にキャンセルされました。"
    elif row.cancel_reason == "payment_failed":
        text = "お支払いが完了しなかったため、ご注文はキャンセルされました。"
    else:
        text = "ご注文はキャンセルされました。"
    return Progress("キャンセル", "stop", f"{text}{_money_back(row)}{_benefits_back(row)}")


def _benefits_back(row: StoredOrder) -> str:
    """Return the text that the benefits of the order were returned to the member."""
    used = [word for word, was in (("ポイント", row.points_used), ("クーポン", row.coupon_name)) if was]
    return f"ご利用の{'と'.join(used)}はお戻しします。" if used else ""


def _money_back(row: StoredOrder) -> str:
    """Return the text about received money. An order that was never paid needs no refund."""
    if told := MONEY_BACK[money_back(row)]:
        return told
    if row.payment_flow == "unmanaged" and row.shipping == "shipped" and row.total:
        return (
            f"商品のお受け取り時にお支払いいただいた ¥{row.total:,} は、お店から返金いたします。"
            "お支払い前の場合は、お支払いは必要ありません。"
        )
    return "お支払いは必要ありません。" if row.cancel_reason != "payment_failed" else ""


def parcel_state(parcel: Destination) -> Progress:
    """Return the state of one parcel."""
    if parcel.ship_date is None:
        return Progress("未発送", "plain", "")
    return Progress("発送済み", "done", f"{parcel.ship_date:%Y/%m/%d} 発送")
