"""Values in the events of other services, worded for staff."""

from typing import Literal

from shared.events import HoldEndReason, SuppressionReason
from shared.events.members import Benefit, GrantState
from shared.events.payments import CaptureSource, FailureReason, RefundRoute
from shared.shop.labels import Labels

FAILED = Labels[FailureReason](
    FailureReason,
    {
        "marketplace_not_supported": "Amazon.co.jp以外のアカウントでした",
        "insufficient_balance": "残高が不足していました",
        "wrong_card_data": "カード情報に誤りがありました",
        "expired_card": "カードの有効期限が切れていました",
        "limit_exceeded": "利用限度額を超えていました",
        "amount_mismatch": "金額が注文と一致しませんでした",
        "buyer_abandoned": "お客様が決済を中断しました",
        "declined": "決済会社に承認されませんでした",
        "provider_error": "決済会社でエラーが起きました",
    },
)
# The text before a colon. After it payments may name a detail.
REJECTED = {
    "over_30_days": "注文から30日を過ぎているため売上請求できません",
    "not_authorized": "決済ステータスが「承認済」「与信済」ではありません",
    "authorization_expired": "与信の有効期限が切れています",
    "already_captured": "すでに入金済みです",
    "contradicted": "決済会社の回答を確認中のため、売上請求を止めています",
    "auto_link_off": "自動連携機能を利用していないため、決済サービスの管理画面で処理してください",
    "automatic_only": "入金は決済サービスからの通知で自動的に反映されます",
    "no_part_captures": "このお支払い方法では、一部の金額だけを売上請求できません",
    "capture_under_way": "売上請求の回答を待っています",
    "not_managed": "このお支払い方法の入金状況は管理していません",
}
REFUSED_BY_PROVIDER = "決済会社に断られました"
SUPPRESSED = Labels[SuppressionReason](
    SuppressionReason,
    {
        "method_without_deposit_mail": "このお支払い方法では送信できないメールです",
        "switched_off": "送信しない設定になっています",
        "sent_by_software": "受注管理ソフトから送信する設定です",
        "no_address": "宛先がありません",
        "refused_by_server": "メールサーバーに受け付けられませんでした",
        "not_accepted_in_time": "時間内にメールサーバーに受け付けられませんでした",
        "order_cancelled": "注文がキャンセルされたため送信しませんでした",
        "link_expired": "リンクの有効期限が過ぎたため送信しませんでした",
        "replaced": "新しいお知らせを送信するため、送信しませんでした",
        "too_many_to_recipient": "同じ宛先へのメールが多すぎるため送信しませんでした",
    },
)
UNDELIVERED = ("refused_by_server", "not_accepted_in_time")
# Mails that reached nobody, although no one at the shop stopped them.
NEVER_ARRIVED = (*UNDELIVERED, "no_address", "too_many_to_recipient")
SOURCE = Labels[CaptureSource](
    CaptureSource,
    {
        "admin": "受注管理から",
        "shipped": "発送時に自動で",
        "provider_console": "決済サービス管理画面で",
        "provider_notice": "決済サービスからの入金通知",
        "manual_deposit": "手動での入金確認",
        "konbini_notice": "コンビニでのお支払い",
    },
)
ENDED = Labels[HoldEndReason](
    HoldEndReason,
    {
        "expired": "有効期限が過ぎました",
        "capture_declined": "売上請求が決済会社に断られました",
        "captured_in_part": "決済会社の管理画面で一部の金額だけが売上請求されました",
        "reauthorization_declined": "再与信が決済会社に断られました",
        "voided": "決済の画面または決済会社の管理画面で取り消されました",
    },
)
_NotRegistered = Literal["email_taken"]
REFUSED_REGISTRATION = Labels[_NotRegistered](
    _NotRegistered, {"email_taken": "このメールアドレスはすでに会員登録されています"}
)
GRANTED = Labels[GrantState](GrantState, {"pending": "有効待ち", "active": "有効"})
BENEFIT = Labels[Benefit](Benefit, {"points": "ポイント", "coupon": "クーポン"})
ROUTE = Labels[RefundRoute](
    RefundRoute, {"provider": "決済会社", "gift_card": "ギフトカード", "bank_transfer": "銀行振込"}
)
_Teller = Literal["payments", "members", "notifications"]
TELLER = Labels[_Teller](
    _Teller, {"payments": "決済サービス", "members": "会員サービス", "notifications": "通知サービス"}
)
NUMBER_VOIDED = {
    "automatic": "お支払い番号を無効にしました",
    "by_hand": "お振込先のご案内を無効にしました",
}
"""The title by the way of the deposit."""
