"""The settings in force, and what was changed by whom. A row exists only for what was changed."""

from dataclasses import dataclass
from datetime import datetime

from checkout.shop.rules import ShopSettings
from shared.database import Tx


async def read_shop_settings(tx: Tx) -> ShopSettings:
    """Return the settings in force."""
    rows = await tx.rows("SELECT name, value FROM shop_settings")
    return ShopSettings.model_validate({row.name: row.value for row in rows})


@dataclass(frozen=True, slots=True)
class SettingChange:
    """One change of the setting called ``name``, by whom; the values as JSON has them."""

    at: datetime
    by: str
    name: str
    before: object
    after: object


async def read_changes(tx: Tx, *, newest: int = 20) -> list[SettingChange]:
    """Return the last changes, the newest first."""
    return await tx.read(
        SettingChange,
        'SELECT at, "by", name, before, after FROM shop_settings_audit ORDER BY at DESC, entry_id DESC LIMIT :n',
        n=newest,
    )
