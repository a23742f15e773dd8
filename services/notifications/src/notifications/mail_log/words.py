"""The words of the log: what staff call mails, their states, and what came of each try."""

from notifications.mails.audience import AUDIENCES
from notifications.mails.desk import Desk
from notifications.previews.send_test_mail import TEST_MAIL
from shared.sql import Row

# What staff call the mails that no file is the kind of.
TITLES = {TEST_MAIL: "テスト送信"}
# State -> word and kind of badge (shared/web/README.md).
STATES = {
    "queued": ("送信待ち", "wait"),
    "sending": ("送信中", "wait"),
    "sent": ("送信済み", "done"),
    "refused": ("未達", "stop"),
    "gave_up": ("送信断念", "stop"),
    "suppressed": ("送信なし", "plain"),
}
REASONS = {
    "method_without_deposit_mail": "このお支払い方法では、ご入金確認メールを送信しません",
    "switched_off": "メール設定が「利用しない」になっています",
    "sent_by_software": "受注管理ソフトから送信します",
    "no_address": "送信できるメールアドレスがありません",
    "order_cancelled": "ご注文がキャンセルされたため、送信しません",
    "link_expired": "リンクの有効期限が過ぎたため、送信しません",
    "too_many_to_recipient": "同じ宛先へのメールが多すぎるため、送信しません",
    "behind": "同じ注文のキャンセルメールの後に送信します",
    "paced": "同じ宛先へのメールが続いているため、時間をおいて送信します",
}
OUTCOMES = {
    "Accepted": ("受け付けられました", "done"),
    "Later": ("今は受け付けられませんでした", "wait"),
    "Unknown": ("応答がなく、結果が分かりません", "wait"),
    "RefusedByServer": ("拒否されました", "stop"),
    None: ("結果が記録されていません", "wait"),
}


def title_of(desk: Desk, row: Row) -> str:
    """Return what staff call the mail of a row."""
    return row.title or TITLES.get(row.mail) or desk.title(row.mail)


def audience_label(code: str) -> str:
    """Return what staff call an audience; one that this release does not know keeps its code."""
    known = AUDIENCES.get(code)
    return known.label if known else code
