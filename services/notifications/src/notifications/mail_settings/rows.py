"""メール設定一覧: what staff have set for each kind of mail, and who changed what when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from notifications.mail_settings.rules import MailSetting, Sender, default_setting
from notifications.mails.files import MailKind
from shared.database import Tx


async def setting_of(tx: Tx, kind: MailKind) -> MailSetting:
    """Return the setting of ``kind`` that holds now."""
    found = await tx.read_one(
        _setting,
        "SELECT mail, enabled, sender, delay_minutes, except_payment_kinds FROM mail_settings WHERE mail = :mail",
        mail=kind.name,
    )
    return found or default_setting(kind)


def _setting(
    mail: str, enabled: bool, sender: Sender, delay_minutes: int, except_payment_kinds: Sequence[str]
) -> MailSetting:
    return MailSetting(mail, enabled, sender, delay_minutes, frozenset(except_payment_kinds))


@dataclass(frozen=True, slots=True)
class SettingChange:
    """What a member of staff changed of one kind of mail."""

    before: MailSetting
    after: MailSetting
    by: str
    at: datetime


async def latest_changes(tx: Tx, *, rows_max: int = 20) -> list[SettingChange]:
    """Return the latest changes, newest first."""
    rows = await tx.rows(
        "SELECT before, after, by, at FROM mail_setting_changes ORDER BY change_id DESC LIMIT :n",
        n=rows_max,
    )
    return [SettingChange(_setting(**row.before), _setting(**row.after), row.by, row.at) for row in rows]
