"""Texts of the log: names of mails for staff, their states, and the outcome of each try."""

from typing import Literal

from notifications.mail_log.rows import LoggedMail
from notifications.mailing.delivery import ServerAnswer, State
from notifications.mailing.rows import StoredMail
from notifications.mails.audience import AUDIENCES
from notifications.mails.desk import Desk
from notifications.previews.send_test_mail import TEST_MAIL
from shared.events import SuppressionReason
from shared.shop.labels import Badge, Badges, Labels, names_of

# Names for staff of kinds of mail without a file.
TITLES = {TEST_MAIL: "テスト送信"}
# State -> label and kind of badge (shared/web/README.md).
STATES = Badges[State](
    State,
    {
        "queued": ("送信待ち", "wait"),
        "sending": ("送信中", "wait"),
        "sent": ("送信済み", "done"),
        "refused": ("未達", "stop"),
        "gave_up": ("送信断念", "stop"),
        "suppressed": ("送信なし", "plain"),
    },
)
_Reason = SuppressionReason | Literal["paced", "behind"]
REASONS = Labels[_Reason](
    _Reason,
    {
        "method_without_deposit_mail": "このお支払い方法では、ご入金確認メールを送信しません",
        "switched_off": "メール設定が「利用しない」になっています",
        "sent_by_software": "受注管理ソフトから送信します",
        "no_address": "送信できるメールアドレスがありません",
        "order_cancelled": "ご注文がキャンセルされたため、送信しません",
        "link_expired": "リンクの有効期限が過ぎたため、送信しません",
        "too_many_to_recipient": "同じ宛先へのメールが多すぎるため、送信しません",
        "replaced": "同じ注文の新しいお知らせを送信するため、送信しません",
        "refused_by_server": "メールサーバーに受け付けられませんでした",
        "not_accepted_in_time": "時間内にメールサーバーに受け付けられませんでした",
        "behind": "同じ注文のキャンセルメールの後に送信します",
        "paced": "同じ宛先へのメールが続いているため、時間をおいて送信します",
    },
)
OUTCOMES = Badges[str](
    names_of(ServerAnswer),
    {
        "Accepted": ("受け付けられました", "done"),
        "Later": ("今は受け付けられませんでした", "wait"),
        "Unknown": ("応答がなく、結果が分かりません", "wait"),
        "RefusedByServer": ("拒否されました", "stop"),
    },
)

_NOT_RECORDED: Badge = ("結果が記録されていません", "wait")


def outcome_badge(outcome: str | None) -> Badge:
    """Return the outcome of a try. Return None if none was stored."""
    return _NOT_RECORDED if outcome is None else OUTCOMES.of(outcome)


def reason_label(reason: str | None) -> str:
    """Return why a mail waits or was not sent. Return "" if there is no reason."""
    return REASONS.of(reason) if reason else ""


def title_of(desk: Desk, mail: LoggedMail | StoredMail) -> str:
    """Return the name of a mail for staff."""
    return mail.title or TITLES.get(mail.mail) or desk.title(mail.mail)


def audience_label(code: str) -> str:
    """Return the name of an audience for staff. An audience that this release does not know is shown by its code."""
    known = AUDIENCES.get(code)
    return known.label if known else code
