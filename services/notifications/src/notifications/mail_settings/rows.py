"""メール設定一覧: the stored settings of each kind of mail."""

from notifications.mail_settings.rules import MailSetting, subject_of
from notifications.mails.files import MailKind
from shared.database.transactions import Tx
from shared.shop.settings.rows import read_subject


async def setting_of(tx: Tx, kind: MailKind) -> MailSetting:
    """Return the present setting of ``kind``."""
    return await read_subject(tx, subject_of(kind))
