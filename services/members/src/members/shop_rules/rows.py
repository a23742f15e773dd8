"""The rules in force, now or when an order was placed."""

from collections.abc import Collection
from datetime import datetime

from members.shop_rules.rules import Rules
from shared.database import Tx
from shared.versions import check_seen


async def rules_at(tx: Tx, at: datetime) -> Rules:
    """Return the rules that held at ``at``: a change counts for later orders only (PNT-06)."""
    found = await tx.value(
        "SELECT rules FROM rule_versions WHERE changed_at <= :at ORDER BY version DESC LIMIT 1", at=at
    )
    return Rules() if found is None else Rules.model_validate(found)


async def rules_at_each(tx: Tx, moments: Collection[datetime]) -> dict[datetime, Rules]:
    """Return the rules that held at each of ``moments``, of which there is one at least."""
    rows = await tx.rows(
        "SELECT changed_at, rules FROM rule_versions WHERE changed_at <= :last AND version >= coalesce("
        "(SELECT max(version) FROM rule_versions WHERE changed_at <= :first), 0) ORDER BY version DESC",
        first=min(moments),
        last=max(moments),
    )
    versions = [(row.changed_at, Rules.model_validate(row.rules)) for row in rows]
    return {at: next((rules for since, rules in versions if since <= at), Rules()) for at in moments}


async def set_rules(tx: Tx, rules: Rules, *, at: datetime, by: str, seen: str | None = None) -> None:
    """Put ``rules`` in force from ``at`` on, in the name of ``by``.

    Raises Refused if other rules than those ``seen`` (shared/versions.py) are in force.
    """
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext('rule_versions'))")
    check_seen(seen, (await rules_at(tx, at)).model_dump(mode="json"))
    await tx.execute(
        "INSERT INTO rule_versions (rules, changed_at, changed_by) VALUES (CAST(:rules AS jsonb), :at, :by)",
        rules=rules.model_dump_json(),
        at=at,
        by=by,
    )


async def rule_changes(tx: Tx, *, rows_max: int = 20) -> list[tuple[datetime, str, Rules]]:
    """Return the last changes, newest first: when, by whom, to what."""
    rows = await tx.rows(
        "SELECT changed_at, changed_by, rules FROM rule_versions ORDER BY version DESC LIMIT :rows_max",
        rows_max=rows_max,
    )
    return [(row.changed_at, row.changed_by, Rules.model_validate(row.rules)) for row in rows]
