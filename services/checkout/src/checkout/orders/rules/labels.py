"""The calls of an order, worded for staff."""

from typing import Literal

from shared.shop.labels import Labels

OwnCall = Literal["benefit_shortage", "registration_refused", "payment_mail_undelivered"]
OWN_CALL_LABEL = Labels[OwnCall](
    OwnCall,
    {
        "benefit_shortage": "値引きの不足",
        "registration_refused": "会員登録の見送り",
        "payment_mail_undelivered": "お支払い案内の未達",
    },
)
OWN_CALL_TEXT = Labels[OwnCall](
    OwnCall,
    {
        "benefit_shortage": "ご利用のポイントまたはクーポンを引き落とせませんでした。値引き分は店舗の負担になっています。",
        "registration_refused": "ご注文と同時の会員登録は行われませんでした。ご注文は有効です。",
        "payment_mail_undelivered": "お支払い方法をご案内するメールがお客様に届いていません。メール送信記録から、"
        "宛先を確認して再送してください。お電話などでお伝えした場合は「確認済みにする」を押してください。",
    },
)
_PlainCall = Literal[
    "capture_failed",
    "shipping_untold",
    "answer_mismatch",
    "other_hold",
    "charge_unknown",
    "receipt_nowhere",
    "no_answer",
    "authorization_ended",
]
"""Calls of payments whose text has no amount. The others are in calls.py."""
CALL_TEXT = Labels[_PlainCall](
    _PlainCall,
    {
        "capture_failed": "売上請求ができませんでした。代金は入金されていません。",
        "shipping_untold": "決済会社に発送を報告できていません。決済会社の管理画面で発送を登録してください。",
        "answer_mismatch": "決済会社の回答が、依頼した内容と一致しません。決済の画面で確認してください。",
        "other_hold": "受注管理ソフトなどによる与信があります。決済の画面で確認してください。",
        "charge_unknown": "この注文で記録していない売上が決済会社にあります。決済の画面で確認してください。",
        "receipt_nowhere": "この注文のものではないと記録した入金が、どの注文にも記録されていません。決済の画面で確認してください。",
        "no_answer": "決済会社から結果が返っていません。照会を続けています。",
        "authorization_ended": "与信が切れました。再与信するか、別のお支払い方法をご案内してください。発送前の場合は、それまで発送できません。",
    },
    unknown=lambda word: f"決済の画面で内容を確認してください（{word}）。",
)
