"""Staff change the settings; each real change leaves an audit row with who, before and after (H4)."""

from collections.abc import Mapping

from payments.shop.rows import set_values, settings_of
from shared.clock import now
from shared.database import Tx
from shared.versions import check_seen


async def change_shop_settings(
    tx: Tx, asked: Mapping[str, str], *, by: str, seen: str | None = None
) -> list[str]:
    """Set what is ``asked`` by the names of :meth:`ShopSettings.value_of`; return the names of what changed.

    ``seen`` is the version of the values of these names that the form showed; None from a program. Raises Refused if it is not that of the
    values in force.
    """
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext('shop_settings'))")
    before = await set_values(tx)
    in_force = settings_of(before)
    now_set = {name: in_force.value_of(name) for name in asked}
    check_seen(seen, now_set)
    changed = [name for name, value in asked.items() if now_set[name] != value]
    at = now()
    for name in changed:
        await tx.execute(
            "INSERT INTO shop_settings (name, value, changed_at, changed_by) VALUES (:name, :value, :at, :by)"
            " ON CONFLICT (name) DO UPDATE SET (value, changed_at, changed_by) = (:value, :at, :by)",
            name=name,
            value=asked[name],
            at=at,
            by=by,
        )
        await tx.execute(
            "INSERT INTO shop_settings_audit (name, before, after, at, by)"
            " VALUES (:name, :before, :after, :at, :by)",
            name=name,
            before=before.get(name),
            after=asked[name],
            at=at,
            by=by,
        )
    return changed
