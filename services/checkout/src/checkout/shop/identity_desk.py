"""店舗情報: who the shop is, and its logo."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request

from checkout.shop.desk import at_desk
from checkout.shop.identity import LOGO_PATH, IdentitySettings
from checkout.shop.law import missing_labels
from checkout.shop.tell_shop import tell_shop
from shared.database.transactions import Tx
from shared.files.accepts import MEGABYTE, Accepts
from shared.files.kinds import JPEG, PNG, WEBP
from shared.shop.settings.subjects import Subject
from shared.web.parts import Parts, parts_of
from shared.web.settings_pages import SettingsPage
from shared.web.settings_pictures import Picture

PATH = "/desk/shop"
LOGO = Picture("logo", Accepts((PNG, JPEG, WEBP), bytes_max=5 * MEGABYTE, side_max=800), "logo", LOGO_PATH)


async def _tell(request: Request, tx: Tx) -> None:
    await tell_shop(tx, fallback=parts_of(request).pages.shop.fallback)


def _missing(_: Parts, __: Subject[Any], in_force: Any) -> Mapping[str, Any]:
    return {"missing": missing_labels(in_force)}


router = SettingsPage(
    IdentitySettings,
    PATH,
    "店舗情報",
    at_desk,
    template="desk_shop.html",
    more=_missing,
    told=_tell,
    pictures=(LOGO,),
).router()
