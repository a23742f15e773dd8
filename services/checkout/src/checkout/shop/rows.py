"""The settings in force, and what was changed by whom. A row exists only for what was changed."""

from datetime import datetime

from checkout.shop.rules import ShopSettings
from shared.database import Tx


async def read_shop_settings(tx: Tx) -> ShopSettings:
    """Return the settings in force."""
    rows = await tx.rows("SELECT name, value FROM shop_settings")
    return ShopSettings.model_validate({row.name: row.value for row in rows})


async def read_changes(tx: Tx, *, newest: int = 20) -> list[tuple[datetime, str, str, object, object]]:
    """Return the last changes as (at, by, name, before, after)."""
    rows = await tx.rows(
        'SELECT at, "by", name, before, after FROM shop_settings_audit ORDER BY at DESC, entry_id DESC LIMIT :n',
        n=newest,
    )
    return [(row.at, row.by, row.name, row.before, row.after) for row in rows]
