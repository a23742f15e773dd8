"""Staff change settings of the shop, with an audit row for every change."""

from datetime import datetime

import orjson

from checkout.shop.rows import read_shop_settings
from checkout.shop.rules import ShopSettings
from shared.database import Tx
from shared.ids import new_id
from shared.versions import check_seen


async def change_shop_settings(
    tx: Tx, wanted: ShopSettings, *, by: str, at: datetime, seen: str | None = None
) -> list[str]:
    """Store what differs from the settings in force, with who changed what; return the names changed.

    Raises Refused if other settings than those ``seen`` (shared/versions.py) are in force.
    """
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext('shop_settings'))")
    before, after = (await read_shop_settings(tx)).model_dump(), wanted.model_dump()
    check_seen(seen, before)
    changed = [name for name in after if after[name] != before[name]]
    for name in changed:
        values = {"before": orjson.dumps(before[name]).decode(), "after": orjson.dumps(after[name]).decode()}
        await tx.execute(
            "INSERT INTO shop_settings (name, value, changed_at, changed_by)"
            " VALUES (:name, CAST(:after AS jsonb), :at, :by) ON CONFLICT (name) DO UPDATE"
            " SET value = excluded.value, changed_at = excluded.changed_at, changed_by = excluded.changed_by",
            name=name,
            after=values["after"],
            at=at,
            by=by,
        )
        await tx.execute(
            'INSERT INTO shop_settings_audit (entry_id, name, before, after, "by", at)'
            " VALUES (:id, :name, CAST(:before AS jsonb), CAST(:after AS jsonb), :by, :at)",
            id=new_id(),
            name=name,
            at=at,
            by=by,
            **values,
        )
    return changed
