"""メール設定一覧: what staff have set for each kind of mail, and who changed what when."""

from collections.abc import Sequence

from notifications.mail_settings.rules import MailSetting
from shared.database import Tx
from shared.sql import Row


async def setting_of(tx: Tx, default: MailSetting) -> MailSetting:
    """Return the setting that holds now of the mail of ``default``, which holds until staff set another."""
    row = await tx.row("SELECT * FROM mail_settings WHERE mail = :mail", mail=default.mail)
    if row is None:
        return default
    return MailSetting(
        mail=default.mail,
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
