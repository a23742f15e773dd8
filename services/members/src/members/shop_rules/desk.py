"""ポイント・会員設定: settings that staff change at run time, with the history of changes (PNT-06, MEM-08)."""

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
    """The member of staff who changes the rules.

    The deed is stored at once, in the same list as those of other desks.
    """

    doer: Doer

    @property
    def name(self) -> str:
        """Return the name stored with the change."""
        return self.doer.name

    async def note(self, tx: Tx, subject: str, *, at: datetime) -> None:
        """Store the deed."""
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
