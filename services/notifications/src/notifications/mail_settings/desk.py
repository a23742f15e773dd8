"""メール設定一覧: each kind of mail, on or off, and who sends it (NTF-09, NTF-10). Every change is kept."""

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from starlette.responses import Response

from notifications.mail_settings.change_setting import change_setting
from notifications.mail_settings.rows import setting_of, setting_of_each
from notifications.mail_settings.rules import MailSetting, Sender, default_setting, names_of
from notifications.mails.desk import Desk, kind_of
from notifications.mails.files import MailKind
from notifications.orders.rows import payment_names
from shared.clock import now
from shared.errors import Refused
from shared.events import MailSettingsChanged
from shared.shop.labels import Labels
from shared.shop.settings.change_settings import latest_changes, take_back
from shared.shop.versions import version_of
from shared.web.forms import Form, parse_form
from shared.web.parts import Here, Parts
from shared.web.session import Staff, Viewer, require_staff
from shared.web.settings_forms import AtDesk, changeable, form_model, form_of, in_words, with_typed
from shared.web.settings_pages import TAKEN_BACK, saved, sent_change

router = APIRouter(dependencies=[Depends(require_staff)], include_in_schema=False)

PATH = "/desk/mails/settings"
HINTS = Labels[Sender](
    Sender,
    {
        "shop": "このシステムから送信します。",
        "software": "二重に届かないよう、このシステムからは送信しません。",
    },
)


@router.get(PATH)
async def list_settings(request: Request, parts: Here, staff: Staff) -> Response:
    """All kinds of mail and the latest changes."""
    kinds = parts[Desk].mails.kinds.values()
    async with parts.db.transaction() as tx:
        names = await payment_names(tx)
        settings = await setting_of_each(tx, kinds)
        changes = await latest_changes(tx, MailSetting)
    titles = {kind.name: kind.title for kind in kinds}
    said = in_words(changes, [MailSetting], staff, called=titles, words=names)
    return parts.pages.render(
        request,
        "mail_settings.html",
        action=PATH,
        lines=[_line(parts[Desk], kind, settings[kind.name], names) for kind in kinds],
        changes=said,
    )


@router.post(f"{PATH}/take-back")
async def take_back_change(request: Request, parts: Here, staff: Staff) -> Response:
    """Give one setting the value from before a change."""
    by = AtDesk.of(MailSettingsChanged, request, staff)
    async with parts.db.transaction() as tx:
        group, found = await sent_change(tx, request, staff, MailSetting)
        kind = kind_of(parts[Desk], found.subject)
        names = await payment_names(tx)
        await take_back(
            tx,
            group,
            found,
            by=by,
            at=now(),
            called=kind.title,
            words=names,
            default=default_setting(kind),
        )
    return parts.pages.redirect(request, PATH, toast=TAKEN_BACK)


@router.get(f"{PATH}/{{mail}}")
async def show_setting(request: Request, parts: Here, staff: Staff, mail: str) -> Response:
    """The form of one kind of mail."""
    return await _page(request, parts, staff, kind_of(parts[Desk], mail))


@router.post(f"{PATH}/{{mail}}")
async def save_setting(request: Request, parts: Here, staff: Staff, mail: str) -> Response:
    """Store what staff set."""
    kind = kind_of(parts[Desk], mail)
    names = [name for name in changeable(MailSetting, staff) if name in names_of(kind)]
    data = await request.form()
    form = parse_form(form_model(MailSetting, tuple(names)), data)
    if form.errors:
        return await _page(request, parts, staff, kind, form, status=422)
    by = AtDesk.of(MailSettingsChanged, request, staff)
    try:
        async with parts.db.transaction() as tx:
            wanted = with_typed(await setting_of(tx, kind), form)
            seen, methods = str(data.get("version", "")), await payment_names(tx)
            changed = await change_setting(tx, kind, wanted, by=by, at=now(), seen=seen, methods=methods)
    except Refused as refused:
        form.refuse(refused)
        return await _page(request, parts, staff, kind, form, status=refused.status)
    return saved(request, PATH, changed=changed, toast=f"{kind.title}の設定を更新しました")


async def _page(
    request: Request,
    parts: Parts,
    staff: Viewer,
    kind: MailKind,
    form: Form[BaseModel] | None = None,
    *,
    status: int = 200,
) -> Response:
    """The form of ``kind``; whoever saves it now has seen the setting of now."""
    async with parts.db.transaction() as tx:
        names = await payment_names(tx)
        setting = await setting_of(tx, kind)
    may = [name for name in MailSetting.changed_as(staff.staff) if name in names_of(kind)]
    # What staff have excepted stays a choice, even before an order has told its name.
    methods = {one: one for one in setting.except_payment_kinds} | names
    senders = [{**card, "hint": HINTS.of(card["value"])} for card in MailSetting.shown["sender"].cards]
    return parts.pages.render(
        request,
        "mail_setting.html",
        status=status,
        form=form or form_of(setting, may),
        version=version_of(setting.plain()),
        mail=kind.name,
        title=kind.title,
        note=kind.note,
        audience=kind.audience.label,
        senders=senders,
        shown=MailSetting.shown,
        names=names_of(kind),
        in_force=setting.plain(),
        payments=sorted(methods.items()),
    )


@dataclass(frozen=True, slots=True)
class KindLine:
    """A kind of mail in the list, with what is set of it."""

    name: str
    title: str
    note: str
    audience: str
    address: str
    word: str
    kind: str
    sender: str
    delay_minutes: int
    excepted: str


def _line(desk: Desk, kind: MailKind, setting: MailSetting, names: Mapping[str, str]) -> KindLine:
    goes_out = setting.enabled and setting.sender == "shop"
    shown, plain = MailSetting.shown, setting.plain()
    return KindLine(
        kind.name,
        kind.title,
        kind.note,
        audience=kind.audience.label,
        address="" if kind.audience.told_by_events else desk.mails.shop.desk_address,
        word=shown["enabled"].word(plain["enabled"]),
        kind="done" if goes_out else "plain",
        sender=shown["sender"].word(plain["sender"]),
        delay_minutes=setting.delay_minutes,
        excepted=shown["except_payment_kinds"].word(plain["except_payment_kinds"], names),
    )
