"""メール設定一覧: what staff have set for each kind of mail, and who changed what when."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson

from notifications.domain.sending import MailSetting
from shared.database import Tx
from shared.sql import Row
from shared.versions import check_seen


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


async def change_setting(
    tx: Tx, new: MailSetting, *, default: MailSetting, by: str, at: datetime, seen: str = ""
) -> bool:
    """Store ``new`` with an audit row that says what it replaces; False if nothing differs.

    ``default`` is what it replaces where staff had set nothing.

    Raises Refused if another setting than that ``seen`` (shared/versions.py) holds.
    """
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext(:key))", key=f"mail_settings.{new.mail}")
    before = await setting_of(tx, default)
    check_seen(seen, before)
    if before == new:
        return False
    await tx.execute(
        "INSERT INTO mail_settings (mail, enabled, sender, delay_minutes, except_payment_kinds)"
        " VALUES (:mail, :enabled, :sender, :delay_minutes, CAST(:except_payment_kinds AS text[]))"
        " ON CONFLICT (mail) DO UPDATE SET enabled = excluded.enabled, sender = excluded.sender,"
        " delay_minutes = excluded.delay_minutes, except_payment_kinds = excluded.except_payment_kinds",
        **_plain(new),
    )
    await tx.execute(
        "INSERT INTO mail_setting_changes (mail, before, after, by, at)"
        " VALUES (:mail, CAST(:before AS jsonb), CAST(:after AS jsonb), :by, :at)",
        mail=new.mail,
        before=orjson.dumps(_plain(before)).decode(),
        after=orjson.dumps(_plain(new)).decode(),
        by=by,
        at=at,
    )
    return True


async def latest_changes(tx: Tx, *, rows_max: int = 20) -> Sequence[Row]:
    """Return the latest changes, newest first."""
    return await tx.rows(
        "SELECT mail, before, after, by, at FROM mail_setting_changes ORDER BY change_id DESC LIMIT :n",
        n=rows_max,
    )


def _plain(setting: MailSetting) -> dict[str, Any]:
    return {
        "mail": setting.mail,
        "enabled": setting.enabled,
        "sender": setting.sender,
        "delay_minutes": setting.delay_minutes,
        "except_payment_kinds": sorted(setting.except_payment_kinds),
    }
