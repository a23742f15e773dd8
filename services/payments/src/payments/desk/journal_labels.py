"""The labels of the journal: its accounts, and the reasons of its lines."""

from payments.payment.rules.books.journal import JournalAccount, JournalReason
from shared.shop.labels import Labels

ACCOUNTS = Labels[JournalAccount](
    JournalAccount,
    {
        "receivable": "未収入金",
        "sales": "売上",
        "suspense": "仮受金",
        "refunds": "売上返金",
        "losses": "損失",
    },
)
REASONS = Labels[JournalReason](
    JournalReason,
    {
        "sale": "売上",
        "suspended": "仮受",
        "allocated": "仮受金の充当",
        "refund": "返金",
        "suspense_returned": "仮受金の返金",
        "sale_reversed": "売上の取消（入金の取消）",
        "suspense_reversed": "仮受の取消（入金の取消）",
        "set_aside": "売上から仮受金へ（入金不足）",
        "refund_undone": "返金の取消",
        "suspense_return_undone": "仮受金の返金の取消",
        "over_refunded": "お預かりを超える返金",
        "reversed_after_refund": "返金後の入金の取消",
        "charged_back_after_refund": "お預かりを超えるチャージバック",
        "loss_undone": "チャージバックの損失の取消",
        "loss_is_refund": "損失から返金へ",
        "loss_is_suspense_returned": "損失から仮受金の返金へ",
        "loss_is_sale_reversed": "損失から売上の取消へ",
        "loss_is_suspense_reversed": "損失から仮受の取消へ",
    },
)
