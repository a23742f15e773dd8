"""Staff set one kind of mail anew (NTF-09, NTF-10); who changed what is kept."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson

from notifications.mail_settings.rows import setting_of
from notifications.mail_settings.rules import MailSetting
from notifications.mails.files import MailKind
from shared.database import Tx
from shared.versions import check_seen


async def change_setting(
    tx: Tx, kind: MailKind, wanted: MailSetting, *, by: str, at: datetime, seen: str | None = None
) -> bool:
    """Store what staff ``wanted`` for ``kind``, with an audit row that says what it replaces; False if nothing differs.

    What this kind of mail does not have, a delay or excepted payment methods, is left out.
    Raises Refused if another setting than that ``seen`` (shared/versions.py) holds.
    """
    new = replace(
        wanted,
        delay_minutes=wanted.delay_minutes if kind.may_wait else 0,
        except_payment_kinds=wanted.except_payment_kinds if kind.by_method else frozenset(),
    )
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext(:key))", key=f"mail_settings.{new.mail}")
    before = await setting_of(tx, kind)
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


def _plain(setting: MailSetting) -> dict[str, Any]:
    return {
        "mail": setting.mail,
        "enabled": setting.enabled,
        "sender": setting.sender,
        "delay_minutes": setting.delay_minutes,
        "except_payment_kinds": sorted(setting.except_payment_kinds),
    }
