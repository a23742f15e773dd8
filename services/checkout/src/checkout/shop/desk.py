"""店舗設定: the settings of the storefront."""

from fastapi import Request

from checkout.shop.rules import ShopSettings
from shared.events import ShopSettingsChanged
from shared.web.session import Viewer
from shared.web.settings_forms import AtDesk
from shared.web.settings_pages import SettingsPage


def at_desk(request: Request, staff: Viewer) -> AtDesk:
    """Return the member of staff who sent ``request``, for a change of the settings of the shop."""
    return AtDesk.of(ShopSettingsChanged, request, staff)


router = SettingsPage(ShopSettings, "/desk/orders/settings", "店舗設定", at_desk).router()
