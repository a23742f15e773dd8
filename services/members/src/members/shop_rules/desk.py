"""ポイント・会員設定: what staff decide at run time, with everything that was decided before (PNT-06, MEM-08)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import Request

from members.deeds.doer import doer
from members.deeds.rows import Doer, note_deed
from members.shop_rules.rules import Rules
from members.shop_rules.summary import summary
from shared.database.transactions import Tx
from shared.shop.settings.subjects import Subject
from shared.web.parts import Parts
from shared.web.session import Viewer
from shared.web.settings_pages import SettingsPage


@dataclass(frozen=True)
class AtOwnDesk:
    """Staff who change the rules; the deed stands beside those of other desks at once."""

    doer: Doer

    @property
    def name(self) -> str:
        """Return the name under which the change is kept."""
        return self.doer.name

    async def note(self, tx: Tx, subject: str, *, at: datetime) -> None:
        """Write the deed down."""
        await note_deed(tx, self.doer, "rules_changed", subject, at=at)


def _at_desk(request: Request, staff: Viewer) -> AtOwnDesk:
    return AtOwnDesk(doer(request, staff))


def _in_one_sentence(_: Parts, __: Subject[Rules], rules: Rules) -> dict[str, Any]:
    return {"summary": summary(rules)}


router = SettingsPage(
    Rules,
    "/desk/members/rules",
    "ポイント・会員設定",
    _at_desk,
    template="desk_rules.html",
    more=_in_one_sentence,
).router()
