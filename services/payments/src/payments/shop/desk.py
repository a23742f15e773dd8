"""What staff set for payments: when money is captured, and how methods are named and offered."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from starlette.responses import Response

from payments.methods.registry import Methods
from payments.shop.change_payment_settings import change_payment_settings, plain_settings
from payments.shop.rows import PaymentSettings, read_payment_settings
from payments.shop.rules import NAME_LENGTH_MAX, CaptureSettings, MethodSettings
from shared.clock import now
from shared.errors import Refused
from shared.events import PaymentSettingsChanged
from shared.shop.settings.change_settings import latest_changes, take_back
from shared.shop.settings.group import Group
from shared.shop.versions import version_of
from shared.web.forms import Form, parse_form
from shared.web.parts import Here, Parts
from shared.web.session import Owner, Staff, Viewer, require_staff
from shared.web.settings_forms import AtDesk, form_model, form_of, in_words, with_typed
from shared.web.settings_pages import TAKEN_BACK, saved, sent_change

PATH = "/desk/payments/settings"
GROUPS: tuple[type[Group], ...] = (CaptureSettings, MethodSettings)
Forms = dict[str, Form[BaseModel]]
"""The form of each method by its kind, and under "" that of capturing."""

router = APIRouter(dependencies=[Depends(require_staff)], include_in_schema=False)


@router.get(PATH)
async def show_settings(request: Request, parts: Here, staff: Staff) -> Response:
    """The settings and their latest changes."""
    return await _page(request, parts, staff)


@router.post(PATH)
async def save_settings(request: Request, parts: Here, staff: Owner) -> Response:
    """Change what the form says; only what really changed is written down."""
    data = {name: str(value) for name, value in (await request.form()).items()}
    forms = _sent(data, parts[Methods])
    if any(form.errors for form in forms.values()):
        return await _page(request, parts, staff, forms, status=422)
    by = AtDesk.of(PaymentSettingsChanged, request, staff)
    try:
        async with parts.db.transaction() as tx:
            capture, wanted = _wanted(await read_payment_settings(tx), forms, parts[Methods])
            seen = data.get("version", "")
            count = await change_payment_settings(
                tx, capture, wanted, offered=parts[Methods], by=by, at=now(), seen=seen
            )
    except Refused as refused:
        forms[""].refuse(refused)
        return await _page(request, parts, staff, forms, status=refused.status)
    return saved(request, PATH, changed=count > 0, toast=f"{count}件の設定を変更しました")


@router.post(f"{PATH}/take-back")
async def take_back_change(request: Request, parts: Here, staff: Staff) -> Response:
    """Give one setting the value from before a change."""
    by = AtDesk.of(PaymentSettingsChanged, request, staff)
    async with parts.db.transaction() as tx:
        group, found = await sent_change(tx, request, staff, *GROUPS)
        called = _own_names(parts[Methods]).get(found.subject, found.subject)
        await take_back(tx, group, found, by=by, at=now(), called=called)
    return parts.pages.redirect(request, PATH, toast=TAKEN_BACK)


async def _page(
    request: Request, parts: Parts, staff: Viewer, forms: Forms | None = None, *, status: int = 200
) -> Response:
    async with parts.db.transaction() as tx:
        settings = await read_payment_settings(tx)
        changes = await latest_changes(tx, *GROUPS, newest=50)
    shown = forms or _shown(settings, parts[Methods], staff)
    return parts.pages.render(
        request,
        "desk_settings.html",
        status=status,
        action=PATH,
        version=version_of(plain_settings(settings, parts[Methods])),
        form=shown[""],
        forms=list(shown.values()),
        in_force=settings.capture.plain(),
        policy=CaptureSettings.shown["capture_policy"],
        offered=MethodSettings.shown["offered"],
        methods=[
            {"kind": kind, "own_name": own, "form": shown[kind]}
            for kind, own in _own_names(parts[Methods]).items()
        ],
        changes=in_words(changes, GROUPS, staff, called=_own_names(parts[Methods])),
        name_length_max=NAME_LENGTH_MAX,
    )


def _own_names(methods: Methods) -> dict[str, str]:
    return {kind: method.menu().name for kind, method in methods.items()}


def _shown(settings: PaymentSettings, methods: Methods, staff: Viewer) -> Forms:
    """The forms of the settings in force; a method without a name of the shop's shows its own."""
    forms: Forms = {"": form_of(settings.capture, CaptureSettings.changed_as(staff.staff))}
    names = MethodSettings.changed_as(staff.staff)
    for kind, own in _own_names(methods).items():
        forms[kind] = form_of(settings.method(kind), names)
        forms[kind].prefix = f"{kind}-"
        forms[kind].values["name"] = settings.name_of(kind, own)
    return forms


def _sent(data: Mapping[str, str], methods: Methods) -> Forms:
    names = tuple(MethodSettings.model_fields)
    forms: Forms = {"": parse_form(form_model(CaptureSettings, tuple(CaptureSettings.model_fields)), data)}
    for kind in methods:
        sent: dict[str, Any] = {
            "name": data.get(f"name:{kind}", ""),
            "offered": bool(data.get(f"offer:{kind}")),
        }
        forms[kind] = parse_form(form_model(MethodSettings, names), sent)
        forms[kind].prefix = f"{kind}-"
    return forms


def _wanted(
    in_force: PaymentSettings, forms: Forms, methods: Methods
) -> tuple[CaptureSettings, dict[str, MethodSettings]]:
    wanted = {}
    for kind, own in _own_names(methods).items():
        typed = with_typed(in_force.method(kind), forms[kind])
        wanted[kind] = typed.model_copy(update={"name": ""}) if typed.name == own else typed
    return with_typed(in_force.capture, forms[""]), wanted
