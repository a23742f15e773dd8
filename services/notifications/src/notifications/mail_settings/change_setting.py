"""Staff set one kind of mail anew (NTF-09, NTF-10); who changed what is kept."""

from collections.abc import Mapping
from datetime import datetime

from notifications.mail_settings.rules import MailSetting, default_setting, names_of
from notifications.mails.files import MailKind
from shared.database.transactions import Tx
from shared.shop.settings.change_settings import Changer, change


async def change_setting(
    tx: Tx,
    kind: MailKind,
    wanted: MailSetting,
    *,
    by: Changer | str,
    at: datetime,
    seen: str | None = None,
    methods: Mapping[str, str] | None = None,
) -> bool:
    """Store what staff ``wanted`` for ``kind``; False if nothing differs. ``methods`` are the names of payment methods.

    What this kind of mail does not have, a delay or excepted payment methods, is left out.
    Raises Refused if another setting than that ``seen`` (shared/shop/versions.py) holds.
    """
    default = default_setting(kind)
    new = default.model_copy(update={name: getattr(wanted, name) for name in names_of(kind)})
    return bool(
        await change(
            tx,
            new,
            by=by,
            at=at,
            subject=kind.name,
            called=kind.title,
            words=methods,
            default=default,
            seen=seen,
        )
    )
