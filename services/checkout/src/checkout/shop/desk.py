"""店舗設定: the settings of the storefront."""

from fastapi import Request

from checkout.shop.rules import ShopSettings
from shared.events import ShopSettingsChanged
from shared.web.session import Viewer
from shared.web.settings_forms import AtDesk
from shared.web.settings_pages import SettingsPage


def _at_desk(request: Request, staff: Viewer) -> AtDesk:
    return AtDesk.of(ShopSettingsChanged, request, staff)


router = SettingsPage(ShopSettings, "/desk/orders/settings", "店舗設定", _at_desk).router()
