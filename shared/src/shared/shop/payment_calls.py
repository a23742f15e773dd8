"""Names of payments' calls for staff: the same at the order and at the payment."""

from shared.events.payments import Call
from shared.shop.labels import Labels

CALL_LABEL = Labels[Call](
    Call,
    {
        "short_money": "入金不足",
        "excess_money": "過入金",
        "late_money": "期限後・取消後の入金",
        "capture_failed": "売上請求失敗",
        "refund_failed": "返金失敗",
        "refunded_elsewhere": "店舗外の返金",
        "chargeback": "チャージバック",
        "chargeback_lost": "チャージバック敗訴",
        "receipt_reversed": "入金の取消",
        "receipt_nowhere": "記録のない入金",
        "refund_unexplained": "不明な返金",
        "shipping_untold": "発送の報告",
        "answer_mismatch": "回答の不一致",
        "other_hold": "別の与信",
        "charge_unknown": "不明な売上",
        "no_answer": "回答待ち",
        "authorization_ended": "与信切れ",
    },
    unknown=lambda word: "決済の確認",
)
"""The labels by the word, as ``PaymentStandingChanged.calls`` says it."""
