"""営業カレンダー: closed days, cut-off, days to ship, and whether buyers choose a delivery date."""

from fastapi import Request

from checkout.calendar.rules import CalendarSettings
from shared.events import ShopSettingsChanged
from shared.web.session import Viewer
from shared.web.settings_forms import AtDesk
from shared.web.settings_pages import SettingsPage


def _at_desk(request: Request, staff: Viewer) -> AtDesk:
    return AtDesk.of(ShopSettingsChanged, request, staff)


router = SettingsPage(CalendarSettings, "/desk/shop/calendar", "営業カレンダー", _at_desk).router()
