"""The Japanese words of deposits."""

DEPOSIT_MAIL = "入金確認メール(自動送信)を送信する"
