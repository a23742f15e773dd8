"""The labels of deposits: why one cannot be recorded by hand, and what is wrong with its day."""

DEPOSIT_MAIL = "入金確認メール(自動送信)を送信する"
NOT_BY_HAND = {
    "not_by_hand": "このお支払い方法の入金は手動で記録できません。",
    "automatic_only": "このお支払い方法の入金は自動で反映されます。手動では記録できません。",
    "not_managed": "代金引換の入金は管理していません。",
    "already_captured": "この注文はすでに入金済みです。",
}
WRONG_DAY = {
    "deposit_date_ahead": "入金日は今日までの日付で入力してください",
    "deposit_date_before_order": "入金日は注文日以降の日付で入力してください",
}
