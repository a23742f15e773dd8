"""What staff set at run time, with a trace of every change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from sqlalchemy import select

from payments.payment.rules.terms import CAPTURE_POLICIES, CapturePolicy
from payments.shop.tables import shop_settings_audit
from shared.clock import now
from shared.database import Tx
from shared.sql import Row


@dataclass(frozen=True)
class ShopSettings:
    """Capture policy, and what staff changed about single methods."""

    capture_policy: CapturePolicy = "on_shipped"
    names: Mapping[str, str] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()

    def name_of(self, kind: str, default: str) -> str:
        """Return the name under which the method is shown."""
        return self.names.get(kind) or default

    def offers(self, kind: str) -> bool:
        """Return whether buyers may choose the method."""
        return kind not in self.hidden


async def read_shop_settings(tx: Tx) -> ShopSettings:
    """Read what staff set; defaults where they set nothing."""
    rows = await tx.rows("SELECT name, value FROM shop_settings")
    values = {row.name: row.value for row in rows}
    policy = values.get("capture_policy", "on_shipped")
    return ShopSettings(
        capture_policy=cast("CapturePolicy", policy) if policy in CAPTURE_POLICIES else "on_shipped",
        names={name[5:]: value for name, value in values.items() if name.startswith("name:")},
        hidden=frozenset(
            name[6:] for name, value in values.items() if name.startswith("offer:") and value == "no"
        ),
    )


async def lock_shop_settings(tx: Tx) -> None:
    """Let nobody else change the settings until the commit."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext('shop_settings'))")


async def change_shop_settings(tx: Tx, changes: Mapping[str, str], *, by: str) -> list[str]:
    """Set ``changes`` (``capture_policy``, ``name:<kind>``, ``offer:<kind>`` yes or no); return what changed.

    Each real change leaves an audit row with who, before and after (H4).
    """
    await lock_shop_settings(tx)
    before = {row.name: row.value for row in await tx.rows("SELECT name, value FROM shop_settings")}
    changed = [name for name, value in changes.items() if before.get(name) != value]
    at = now()
    for name in changed:
        await tx.execute(
            "INSERT INTO shop_settings (name, value, changed_at, changed_by) VALUES (:name, :value, :at, :by)"
            " ON CONFLICT (name) DO UPDATE SET (value, changed_at, changed_by) = (:value, :at, :by)",
            name=name,
            value=changes[name],
            at=at,
            by=by,
        )
        await tx.execute(
            "INSERT INTO shop_settings_audit (name, before, after, at, by)"
            " VALUES (:name, :before, :after, :at, :by)",
            name=name,
            before=before.get(name),
            after=changes[name],
            at=at,
            by=by,
        )
    return changed


async def settings_changes(tx: Tx, *, limit: int = 50) -> Sequence[Row]:
    """Return the latest changes of the settings, newest first."""
    query = select(shop_settings_audit).order_by(shop_settings_audit.c.change_id.desc())
    return await tx.rows(query.limit(limit))
