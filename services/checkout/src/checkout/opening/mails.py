"""Whether mails leave, as notifications reports it."""

from shared.web.opening import OpeningStep
from shared.web.operations import ServiceHealth

TEST = "/desk/mails/preview"


def mail_step(health: ServiceHealth | None) -> OpeningStep:
    """Return whether the mail server has ever accepted a mail, and whether it refuses the shop now.

    Nobody reads a buyer's mail in time to notice, so a test from the desk comes first.
    """
    return OpeningStep("メールの送信", _missing(health), TEST, place=60, blocks=False)


def _missing(health: ServiceHealth | None) -> list[str]:
    if health is None:
        return ["通知サービスが応答しません。時間をおいて開き直してください"]
    if health.figures.get("mails_shop_refused", 0):
        return ["メールサーバーがこのショップのメールを拒否しています（接続設定をご確認ください）"]
    return [] if health.figures.get("mail_accepted", 0) else ["テスト送信（まだ1通も送信されていません）"]
