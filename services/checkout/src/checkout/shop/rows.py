"""Settings that staff change at run time: rows, with an audit row for every change (architecture §8)."""

from datetime import datetime
from typing import Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field

from checkout.pricing.price import ShippingRules
from shared.database import Tx
from shared.ids import new_id
from shared.versions import check_seen

Closing = Literal["by_itself", "by_staff"]
"""Who sets 処理済み once shipping and deposit are complete (ORD-13)."""


SHIPPING_FEE_MAX = 100_000
FREE_SHIPPING_FROM_MAX = 10_000_000


class ShopSettings(BaseModel):
    """Every setting of the storefront with its default. A row exists only for what was changed."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    shipping_fee: int = Field(550, ge=0, le=SHIPPING_FEE_MAX)
    free_shipping_from: int | None = Field(5_000, ge=0, le=FREE_SHIPPING_FROM_MAX)
    free_shipping_after_discounts: bool = False
    registration_box_ticked: bool = True
    closing: Closing = "by_itself"

    @property
    def shipping(self) -> ShippingRules:
        """Return the shipping part as the domain wants it."""
        return ShippingRules(self.shipping_fee, self.free_shipping_from, self.free_shipping_after_discounts)


async def read_shop_settings(tx: Tx) -> ShopSettings:
    """Return the settings in force."""
    rows = await tx.rows("SELECT name, value FROM shop_settings")
    return ShopSettings.model_validate({row.name: row.value for row in rows})


async def change_shop_settings(
    tx: Tx, wanted: ShopSettings, *, by: str, at: datetime, seen: str = ""
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


async def read_changes(tx: Tx, *, newest: int = 20) -> list[tuple[datetime, str, str, object, object]]:
    """Return the last changes as (at, by, name, before, after)."""
    rows = await tx.rows(
        'SELECT at, "by", name, before, after FROM shop_settings_audit ORDER BY at DESC, entry_id DESC LIMIT :n',
        n=newest,
    )
    return [(row.at, row.by, row.name, row.before, row.after) for row in rows]
