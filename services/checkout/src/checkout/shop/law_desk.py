"""特定商取引法に基づく表記: its texts, and what it still lacks."""

from collections.abc import Mapping
from typing import Any

from checkout.shop.desk import at_desk
from checkout.shop.law import LawSettings, missing_labels
from shared.shop.settings.subjects import Subject
from shared.web.parts import Parts
from shared.web.settings_pages import SettingsPage


def _missing(_: Parts, __: Subject[Any], in_force: Any) -> Mapping[str, Any]:
    return {"missing": missing_labels(in_force)}


router = SettingsPage(
    LawSettings,
    "/desk/shop/law",
    "特定商取引法に基づく表記",
    at_desk,
    template="desk_law.html",
    more=_missing,
).router()
