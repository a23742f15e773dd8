"""Staff put other rules of points and Amazon login in force (PNT-06, MEM-08)."""

from datetime import datetime

from members.deeds.rows import Doer, note_deed
from members.shop_rules.rows import set_rules
from members.shop_rules.rules import Rules
from members.shop_rules.words import summary
from shared.database import Tx


async def change_rules(tx: Tx, rules: Rules, *, by: Doer, seen: str, at: datetime) -> None:
    """Put ``rules`` in force from ``at`` on and note the deed; orders placed before keep theirs.

    Raises Refused if other rules than those ``seen`` (shared/versions.py) are in force.
    """
    await set_rules(tx, rules, at=at, by=by.name, seen=seen)
    await note_deed(tx, by, "rules_changed", summary(rules), at=at)
