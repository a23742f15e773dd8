"""メール設定一覧: each kind of mail, on or off, and who sends it (NTF-09, NTF-10). Every change is kept."""

from typing import Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from notifications.mail_settings.change_setting import change_setting
from notifications.mail_settings.rows import latest_changes, setting_of
from notifications.mail_settings.rules import MailSetting
from notifications.mails.desk import Desk, kind_of
from notifications.mails.files import DELAY_MINUTES_MAX, MailKind
from notifications.orders.rows import payment_names
from shared.clock import now
from shared.errors import Refused
from shared.sql import Row
from shared.versions import version_of
from shared.web.fields import Line, Pieces
from shared.web.forms import Form, read_form
from shared.web.parts import Here, Parts
from shared.web.session import Owner, require_staff

router = APIRouter(dependencies=[Depends(require_staff)], include_in_schema=False)

SENDERS = {"shop": "このお店", "software": "受注管理ソフト"}
FIELDS = {
    "enabled": "利用設定",
    "sender": "送信元",
    "delay_minutes": "送信までの時間(分)",
    "except_payment_kinds": "送信しないお支払い方法",
}


class SettingForm(BaseModel):
    """What staff may set of a kind of mail."""

    version: str = Field("", title="版", max_length=40)
    enabled: bool = Field(False, title="利用する")
    sender: Literal["shop", "software"] = Field(title="送信元")
    delay_minutes: Pieces = Field(
        0,
        ge=0,
        le=DELAY_MINUTES_MAX,
        title="送信までの時間(分)",
        description="お支払い期限切れの場合にだけ適用します。",
    )
    except_payment_kinds: list[Line] = Field(
        default_factory=list, max_length=50, title="送信しないお支払い方法"
    )


@router.get("/desk/mails/settings")
async def list_settings(request: Request, parts: Here) -> Response:
    """All kinds of mail and the latest changes."""
    async with parts.db.transaction() as tx:
        names = await payment_names(tx)
        kinds = parts[Desk].mails.kinds.values()
        lines = [_line(parts[Desk], kind, await setting_of(tx, kind), names) for kind in kinds]
        changes = await latest_changes(tx)
    return parts.pages.render(
        request,
        "mail_settings.html",
        lines=lines,
        changes=[_change(parts[Desk], row, names) for row in changes],
    )


@router.get("/desk/mails/settings/{mail}")
async def show_setting(request: Request, parts: Here, mail: str) -> Response:
    """The form of one kind of mail."""
    kind = kind_of(parts[Desk], mail)
    async with parts.db.transaction() as tx:
        setting = await setting_of(tx, kind)
        names = await payment_names(tx)
    values = {name: getattr(setting, name) for name in FIELDS}
    form = Form(SettingForm, {**values, "version": version_of(setting)})
    return parts.pages.render(request, "mail_setting.html", form=form, **_about(kind, setting, names))


@router.post("/desk/mails/settings/{mail}")
async def save_setting(request: Request, parts: Here, staff: Owner, mail: str) -> Response:
    """Store what staff set."""
    kind = kind_of(parts[Desk], mail)
    form = await read_form(request, SettingForm)
    if form.errors:
        return await _again(request, parts, kind, form, status=422)
    wanted = MailSetting(
        mail=mail,
        enabled=form.value.enabled,
        sender=form.value.sender,
        delay_minutes=form.value.delay_minutes,
        except_payment_kinds=frozenset(form.value.except_payment_kinds),
    )
    try:
        async with parts.db.transaction() as tx:
            changed = await change_setting(tx, kind, wanted, by=staff.name, at=now(), seen=form.value.version)
    except Refused as refused:
        form.refuse(refused)
        return await _again(request, parts, kind, form, status=refused.status)
    toast = f"{kind.title}の設定を更新しました" if changed else "変更はありませんでした"
    return parts.pages.redirect(
        request, "/desk/mails/settings", toast=toast, kind="done" if changed else "note"
    )


async def _again(
    request: Request, parts: Parts, kind: MailKind, form: Form[SettingForm], *, status: int
) -> Response:
    """The form with what is wrong with it; whoever saves it now has seen the setting of now."""
    async with parts.db.transaction() as tx:
        names = await payment_names(tx)
        setting = await setting_of(tx, kind)
    form.values["version"] = version_of(setting)
    return parts.pages.render(
        request, "mail_setting.html", status=status, form=form, **_about(kind, setting, names)
    )


def _about(kind: MailKind, setting: MailSetting, names: dict[str, str]) -> dict[str, Any]:
    # What staff have excepted stays a choice, even before an order has told its name.
    methods = {one: one for one in setting.except_payment_kinds} | names
    return {
        "mail": kind.name,
        "title": kind.title,
        "note": kind.note,
        "audience": kind.audience.label,
        "senders": [
            {"value": "shop", "label": SENDERS["shop"], "hint": "このシステムから送信します。"},
            {
                "value": "software",
                "label": SENDERS["software"],
                "hint": "二重に届かないよう、このシステムからは送信しません。",
            },
        ],
        "may_delay": kind.may_wait,
        "payments": sorted(methods.items()) if kind.by_method else [],
    }


def _line(desk: Desk, kind: MailKind, setting: MailSetting, names: dict[str, str]) -> dict[str, Any]:
    goes_out = setting.enabled and setting.sender == "shop"
    return {
        "name": kind.name,
        "title": kind.title,
        "note": kind.note,
        "audience": kind.audience.label,
        "address": "" if kind.audience.told_by_events else desk.mails.shop.desk_address,
        "word": "利用する" if setting.enabled else "利用しない",
        "kind": "done" if goes_out else "plain",
        "sender": SENDERS[setting.sender],
        "delay_minutes": setting.delay_minutes,
        "except": _shown("except_payment_kinds", sorted(setting.except_payment_kinds), names),
    }


def _change(desk: Desk, row: Row, names: dict[str, str]) -> dict[str, Any]:
    said = [
        f"{label}：{_shown(name, row.before[name], names)} → {_shown(name, row.after[name], names)}"
        for name, label in FIELDS.items()
        if row.before[name] != row.after[name]
    ]
    return {
        "at": row.at,
        "title": desk.title(row.mail),
        "text": "、".join(said),
        "by": row.by,
        "kind": "note",
    }


def _shown(name: str, value: Any, names: dict[str, str]) -> str:
    match name:
        case "enabled":
            return "利用する" if value else "利用しない"
        case "sender":
            return SENDERS[value]
        case "except_payment_kinds":
            return "・".join(names.get(kind, kind) for kind in value) or "なし"
        case _:
            return str(value)
