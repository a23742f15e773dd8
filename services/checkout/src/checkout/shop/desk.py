"""Settings of the storefront that staff change at run time, with what was changed by whom."""

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response

from checkout.pricing.fields import PriceFields
from checkout.shop.change_settings import change_shop_settings
from checkout.shop.rows import read_changes, read_shop_settings
from checkout.shop.rules import Closing, ShopSettings
from shared.clock import now
from shared.errors import Refused
from shared.labels import Labels
from shared.versions import version_of
from shared.web.forms import Form, read_form
from shared.web.parts import Here, Parts
from shared.web.session import Owner, Staff

router = APIRouter(include_in_schema=False)

PAGE = "/desk/orders/settings"
CLOSINGS = Labels[Closing](
    Closing,
    {
        "by_itself": "自動で「処理済み」にする",
        "by_staff": "スタッフが「処理済み」にするまで「通常処理」のままにする",
    },
)


class SettingsFields(PriceFields):
    """The form: what prices follow from, and what is beside them."""

    version: str = Field("", title="版", max_length=40)
    registration_box_unticked: bool = Field(
        False,
        title="非選択状態で初期表示する",
        description="「ご注文手続き」画面の会員登録チェックを、最初は外しておきます。",
    )
    closing: Closing = Field(
        "by_itself",
        title="発送と入金が完了した注文",
        description="変更は、これから完了する注文に適用されます。すでに完了している注文はそのままです。処理済み時に有効になるポイントは、処理済みにするまで有効になりません。",
    )


LABELS = {
    **{name: field.title or name for name, field in SettingsFields.model_fields.items()},
    "registration_box_ticked": "会員登録チェックを選択状態で表示する",
    "free_shipping_after_discounts": "送料無料の判定に割引後の金額を使う",
}


@router.get(PAGE)
async def show_settings(request: Request, parts: Here, seen: Staff) -> Response:
    """Show the settings in force."""
    async with parts.db.transaction() as tx:
        settings = await read_shop_settings(tx)
    values = settings.model_dump(exclude={"registration_box_ticked"})
    values["registration_box_unticked"] = not settings.registration_box_ticked
    return await _page(request, parts, Form(SettingsFields, values))


@router.post(PAGE)
async def save_settings(request: Request, parts: Here, seen: Owner) -> Response:
    """Store what an owner changed."""
    form = await read_form(request, SettingsFields)
    if form.errors:
        return await _page(request, parts, form, status=422)
    asked = form.value.model_dump(exclude={"registration_box_unticked", "version"})
    wanted = ShopSettings(**asked, registration_box_ticked=not form.value.registration_box_unticked)
    try:
        async with parts.db.transaction() as tx:
            changed = await change_shop_settings(
                tx, wanted, by=seen.name or "スタッフ", at=now(), seen=form.value.version
            )
    except Refused as refused:
        form.refuse(refused)
        return await _page(request, parts, form, status=refused.status)
    toast = "設定を保存しました" if changed else "変更はありません"
    return parts.pages.redirect(request, PAGE, toast=toast, kind="done" if changed else "note")


async def _page(request: Request, parts: Parts, form: Form[SettingsFields], *, status: int = 200) -> Response:
    async with parts.db.transaction() as tx:
        changes = await read_changes(tx)
        version = version_of((await read_shop_settings(tx)).model_dump())
    rows = [
        (at, by, LABELS.get(name, name), _word(before), _word(after))
        for at, by, name, before, after in changes
    ]
    choices = [{"value": value, "label": label} for value, label in CLOSINGS.items()]
    return parts.pages.render(
        request,
        "desk_settings.html",
        status=status,
        form=form,
        version=version,
        changes=rows,
        choices=choices,
        prices=[(name, field.annotation is bool) for name, field in PriceFields.model_fields.items()],
    )


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "はい" if value else "いいえ"
    if isinstance(value, int):
        return f"¥{value:,}"
    return "なし" if value is None else CLOSINGS.of(str(value))
