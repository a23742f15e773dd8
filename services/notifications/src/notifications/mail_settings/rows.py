"""メール設定一覧: what staff have set for each kind of mail, and who changed what when."""

from collections.abc import Sequence

from notifications.mail_settings.rules import MailSetting, default_setting
from notifications.mails.files import MailKind
from shared.database import Tx
from shared.sql import Row


async def setting_of(tx: Tx, kind: MailKind) -> MailSetting:
    """Return the setting of ``kind`` that holds now."""
    row = await tx.row("SELECT * FROM mail_settings WHERE mail = :mail", mail=kind.name)
    if row is None:
        return default_setting(kind)
    return MailSetting(
        mail=kind.name,
        enabled=row.enabled,
        sender=row.sender,
        delay_minutes=row.delay_minutes,
        except_payment_kinds=frozenset(row.except_payment_kinds),
    )


async def latest_changes(tx: Tx, *, rows_max: int = 20) -> Sequence[Row]:
    """Return the latest changes, newest first."""
    return await tx.rows(
        "SELECT mail, before, after, by, at FROM mail_setting_changes ORDER BY change_id DESC LIMIT :n",
        n=rows_max,
    )
