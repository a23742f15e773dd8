"""What staff set at run time, with a trace of every change."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from payments.payment.rules.terms import CAPTURE_POLICIES, CapturePolicy
from shared.database import Tx


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

    def value_of(self, name: str) -> str:
        """Return the value in force of ``capture_policy``, ``name:<kind>`` ("" is its own) or ``offer:<kind>`` (yes, no)."""
        what, _, kind = name.partition(":")
        if what == "offer":
            return "yes" if self.offers(kind) else "no"
        return self.names.get(kind, "") if what == "name" else str(self.capture_policy)


async def read_shop_settings(tx: Tx) -> ShopSettings:
    """Read what staff set; defaults where they set nothing."""
    return settings_of(await set_values(tx))


async def set_values(tx: Tx) -> dict[str, str]:
    """Return what staff set, as it is kept: by the names of :meth:`ShopSettings.value_of`."""
    return {row.name: row.value for row in await tx.rows("SELECT name, value FROM shop_settings")}


def settings_of(values: Mapping[str, str]) -> ShopSettings:
    """Return the settings that ``values`` make, with defaults for the others."""
    policy = values.get("capture_policy", "on_shipped")
    return ShopSettings(
        capture_policy=policy if policy in CAPTURE_POLICIES else "on_shipped",
        names={name[5:]: value for name, value in values.items() if name.startswith("name:")},
        hidden=frozenset(
            name[6:] for name, value in values.items() if name.startswith("offer:") and value == "no"
        ),
    )


@dataclass(frozen=True, slots=True)
class SettingsChange:
    """What a member of staff changed of the setting called ``name``; ``before`` is None where it was the default."""

    name: str
    before: str | None
    after: str
    at: datetime
    by: str


async def settings_changes(tx: Tx, *, limit: int = 50) -> list[SettingsChange]:
    """Return the latest changes of the settings, newest first."""
    return await tx.read(
        SettingsChange,
        'SELECT name, before, after, at, "by" FROM shop_settings_audit ORDER BY change_id DESC LIMIT :limit',
        limit=limit,
    )
