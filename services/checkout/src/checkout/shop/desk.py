"""店舗設定: the settings of the storefront."""

from fastapi import Request

from checkout.shop.rules import ShopSettings
from shared.database import Database
from shared.events import ShopSettingsChanged
from shared.web.session import Viewer
from shared.web.settings_forms import AtDesk
from shared.web.settings_pages import SettingsPage


def _db(request: Request) -> Database:
    db: Database = request.app.state.storefront.db
    return db


def _at_desk(request: Request, staff: Viewer) -> AtDesk:
    return AtDesk.of(ShopSettingsChanged, request, staff)


router = SettingsPage(ShopSettings, "/desk/orders/settings", "店舗設定", _db, _at_desk).router()
