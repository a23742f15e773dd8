"""メール設定一覧: what staff have set for each kind of mail."""

from collections.abc import Iterable

from notifications.mail_settings.rules import MailSetting, default_setting
from notifications.mails.files import MailKind
from shared.database.transactions import Tx
from shared.shop.settings.rows import of_stored, read, read_each


async def setting_of(tx: Tx, kind: MailKind) -> MailSetting:
    """Return the setting of ``kind`` that holds now."""
    return await read(tx, MailSetting, kind.name, default=default_setting(kind))


async def setting_of_each(tx: Tx, kinds: Iterable[MailKind]) -> dict[str, MailSetting]:
    """Return the settings of ``kinds`` that hold now, by their names."""
    stored = await read_each(tx, MailSetting)
    return {kind.name: of_stored(default_setting(kind), stored.get(kind.name)) for kind in kinds}
