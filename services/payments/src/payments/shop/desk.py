"""決済設定: when money is captured, and how methods are named and offered."""

from collections.abc import Sequence
from typing import Any

from fastapi import Request

from payments.methods.registry import Methods
from payments.shop.rules import CaptureSettings, MethodSettings
from shared.events import PaymentSettingsChanged
from shared.shop.settings.subjects import Subject
from shared.web.parts import Parts
from shared.web.session import Viewer
from shared.web.settings_forms import AtDesk
from shared.web.settings_pages import SettingsPage

NOTHING_OFFERED = (
    "「使用する」のお支払い方法がありません。お客様はお支払い方法を選べず、ご注文を確定できません。"
)


def _at_desk(request: Request, staff: Viewer) -> AtDesk:
    return AtDesk.of(PaymentSettingsChanged, request, staff)


def _subjects(parts: Parts) -> list[Subject[Any]]:
    """Return the subjects of the settings: capturing, and each method that is switched on.

    A method has the shop's name, or else its own.
    """
    own = {kind: method.menu().name for kind, method in parts[Methods].items()}
    methods = [Subject(MethodSettings(), kind, name, own={"name": name}) for kind, name in own.items()]
    return [Subject(CaptureSettings()), *methods]


def _warning(settings: Sequence[Any]) -> str:
    methods = [one for one in settings if isinstance(one, MethodSettings)]
    return "" if any(one.offered for one in methods) else NOTHING_OFFERED


router = SettingsPage(_subjects, "/desk/payments/settings", "決済設定", _at_desk, warning=_warning).router()
