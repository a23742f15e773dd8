"""メール設定一覧: whether each kind of mail is on, and which system sends it (NTF-09, NTF-10). Every change is stored."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request

from notifications.mail_settings.rules import MailSetting, subject_of
from notifications.mails.desk import Desk
from notifications.orders.rows import payment_names
from shared.events import MailSettingsChanged
from shared.shop.settings.subjects import Subject
from shared.web.parts import Parts
from shared.web.session import Viewer
from shared.web.settings_forms import AtDesk
from shared.web.settings_pages import SubjectPages


def _at_desk(request: Request, staff: Viewer) -> AtDesk:
    return AtDesk.of(MailSettingsChanged, request, staff)


def _subjects(parts: Parts) -> list[Subject[MailSetting]]:
    return [subject_of(kind) for kind in parts[Desk].mails.kinds.values()]


def _beside(parts: Parts, subject: Subject[MailSetting], setting: MailSetting) -> Mapping[str, Any]:
    """Return the audience of the mail, its events, and whether it is sent with the present settings."""
    mails = parts[Desk].mails
    kind = mails.kinds[subject.key]
    return {
        "mail": kind.name,
        "note": kind.note,
        "audience": kind.audience.label,
        "address": "" if kind.audience.told_by_events else mails.shop.desk_address,
        "goes_out": setting.enabled and setting.sender == "shop",
    }


router = SubjectPages(
    _subjects,
    "/desk/mails/settings",
    "メール設定一覧",
    _at_desk,
    template="mail_setting.html",
    list_template="mail_settings.html",
    more=_beside,
    labels=payment_names,
).router()
