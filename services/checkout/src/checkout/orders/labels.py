"""The states of an order on its four axes, and the reasons of its end, worded for staff."""

from checkout.orders.rules.states import CancelReason, Deposit, PaymentState, Shipping, StaffReason, Status
from shared.shop.labels import Labels

STATUS_LABEL = Labels[Status](
    Status,
    {
        "in_progress": "通常処理",
        "processed": "処理済み",
        "cancelled": "キャンセル",
    },
)
DEPOSIT_LABEL = Labels[Deposit](Deposit, {"unpaid": "未入金", "paid": "入金済み"})
SHIPPING_LABEL = Labels[Shipping](Shipping, {"unshipped": "未発送", "shipped": "発送済み"})
# 「承認済」 is the provider status that permits capture (PAY-08).
PAYMENT_LABEL = Labels[PaymentState](
    PaymentState,
    {
        "awaited": "結果待ち",
        "authorized": "承認済",
        "lapsed": "与信切れ",
        "number_issued": "支払い番号発行済",
        "captured": "売上確定済",
        "short": "入金不足",
        "failed": "決済失敗",
        "expired": "期限切れ",
        "voided": "取消済",
        "refunded_in_part": "一部返金",
        "refunded": "返金済",
    },
)
STAFF_REASON_LABEL = Labels[StaffReason](
    StaffReason,
    {
        "buyer": "お客様のご依頼",
        "shop": "当店の都合",
        "return": "返品",
    },
)
REASON_LABEL = Labels[CancelReason](
    CancelReason,
    {
        "staff": "スタッフによるキャンセル",
        "unpaid": "お支払い期限切れによる自動キャンセル",
        "payment_failed": "決済が成立しなかったため自動キャンセル",
    },
)
