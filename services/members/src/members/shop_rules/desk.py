"""ポイント・会員設定: settings that staff change at run time, with the history of changes (PNT-06, MEM-08)."""

from typing import Any

from fastapi import Request

from members.deeds.at_own_desk import AtOwnDesk
from members.deeds.doer import doer
from members.shop_rules.rules import Rules
from members.shop_rules.summary import summary
from shared.shop.settings.subjects import Subject
from shared.web.parts import Parts
from shared.web.session import Viewer
from shared.web.settings_pages import SettingsPage


def _at_desk(request: Request, staff: Viewer) -> AtOwnDesk:
    return AtOwnDesk(doer(request, staff), "rules_changed")


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
