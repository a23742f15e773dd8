"""消費税: the rates and the rounding."""

from fastapi import Request

from checkout.tax.rules import TaxSettings
from shared.events import ShopSettingsChanged
from shared.web.session import Viewer
from shared.web.settings_forms import AtDesk
from shared.web.settings_pages import SettingsPage


def _at_desk(request: Request, staff: Viewer) -> AtDesk:
    return AtDesk.of(ShopSettingsChanged, request, staff)


router = SettingsPage(TaxSettings, "/desk/shop/tax", "消費税", _at_desk).router()
