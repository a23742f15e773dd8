"""How an order stands, in words for its buyer."""

from dataclasses import dataclass
from typing import Literal

from shared.sql import Row

Kind = Literal["done", "wait", "stop", "note", "plain"]

# PAY-22 and AP-17: what went wrong, and what to do about it.
FAILED = {
    "marketplace_not_supported": "申し訳ございません、Amazon PayではAmazon.co.jpアカウントのみご利用可能です。",
    "insufficient_balance": "残高が不足していたため、お支払いが完了しませんでした。",
    "wrong_card_data": "カード情報に誤りがあったため、お支払いが完了しませんでした。",
    "expired_card": "カードの有効期限が切れているため、お支払いが完了しませんでした。",
    "limit_exceeded": "ご利用限度額を超えているため、お支払いが完了しませんでした。",
    "amount_mismatch": "金額が一致しなかったため、お支払いを取りやめました。",
    "buyer_abandoned": "お支払いの手続きが途中で終了しました。",
    "declined": "お支払い方法が承認されませんでした。",
    "provider_error": "決済会社でエラーが起きたため、お支払いが完了しませんでした。",
}


@dataclass(frozen=True)
class Progress:
    """One word with its mark, and a sentence about what comes next."""

    word: str
    kind: Kind
    text: str


def progress(row: Row) -> Progress:
    """Return where the order of this row stands."""
    if row.status == "cancelled":
        return _cancelled(row)
    if row.shipping == "shipped":
        return Progress("発送済み", "done", "商品を発送しました。到着までお待ちください。")
    if row.payment == "number_issued":
        return Progress("お支払い待ち", "wait", "期限までにお支払いください。ご入金の確認後に発送します。")
    if row.deposit == "paid":
        return Progress("ご入金済み", "done", "ご入金を確認しました。発送の準備をしています。")
    if row.payment == "authorized":
        return Progress("発送準備中", "note", "お支払い方法を確認しました。発送の準備をしています。")
    if row.payment_group == "cash_on_delivery":
        text = f"ご注文を承りました。商品のお受け取り時に ¥{row.total:,} をお支払いください。"
        return Progress("ご注文受付", "note", text)
    return Progress("ご注文受付", "note", "ご注文を承りました。")


def _cancelled(row: Row) -> Progress:
    if row.cancel_reason == "unpaid":
        text = "お支払い期限を過ぎたため、ご注文は自動的にキャンセルされました。"
    elif row.cancel_reason == "payment_failed":
        text = "お支払いが完了しなかったため、ご注文はキャンセルされました。"
    else:
        text = "ご注文はキャンセルされました。"
    return Progress("キャンセル", "stop", text)


def parcel_state(parcel: Row) -> Progress:
    """Return where one parcel stands."""
    if parcel.ship_date is None:
        return Progress("未発送", "plain", "")
    return Progress("発送済み", "done", f"{parcel.ship_date:%Y/%m/%d} 発送")
