"""What staff set for payments: when money is captured, and how methods are named and offered."""

from typing import Any, Literal

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from payments.methods.registry import Methods
from payments.payment.rules.terms import CAPTURE_POLICIES
from payments.payment.words import POLICIES
from payments.shop.change_shop_settings import change_shop_settings
from payments.shop.rows import (
    read_shop_settings,
    settings_changes,
)
from shared.database import Database
from shared.errors import Refused
from shared.labels import Labels
from shared.plain_text import TextRefused, unlinked_line
from shared.versions import version_of
from shared.web.pages import Pages
from shared.web.session import Owner, require_staff

PATH = "/desk/payments/settings"
NAME_LENGTH_MAX = 60
_Offered = Literal["yes", "no"]
_OFFERED = Labels[_Offered](_Offered, {"yes": "使用する", "no": "利用しない"})


def router(pages: Pages, db: Database, methods: Methods) -> APIRouter:
    """Return the routes of the page."""
    routes = APIRouter(dependencies=[Depends(require_staff)], include_in_schema=False)

    @routes.get(PATH)
    async def show_settings(request: Request) -> Response:
        """The settings and their latest changes."""
        return await page(request)

    @routes.post(PATH)
    async def save_settings(request: Request, staff: Owner) -> Response:
        """Change what the form says; only what really changed is written down."""
        form = {name: str(value) for name, value in (await request.form()).items()}
        asked = _asked(form, methods)
        try:
            async with db.transaction() as tx:
                by = staff.name or staff.member_id or ""
                changed = await change_shop_settings(tx, asked, by=by, seen=form.get("version", ""))
        except Refused as refused:
            return await page(request, asked=asked, refused=refused)
        toast = f"{len(changed)}件の設定を変更しました" if changed else "変更はありません"
        return pages.redirect(request, PATH, toast=toast, kind="done" if changed else "note")

    async def page(
        request: Request, *, asked: dict[str, str] | None = None, refused: Refused | None = None
    ) -> Response:
        async with db.transaction() as tx:
            settings = await read_shop_settings(tx)
            changes = await settings_changes(tx)
        in_force = {name: settings.value_of(name) for name in _names(methods)}
        shown = asked or in_force
        return pages.render(
            request,
            "desk_settings.html",
            status=refused.status if refused else 200,
            refused=refused.message if refused else "",
            version=version_of(in_force),
            policies=POLICIES,
            policy=shown["capture_policy"],
            methods=[_method(shown, kind, methods) for kind in methods],
            changes=[
                {
                    "at": one.at,
                    "by": one.by,
                    "what": _named(one.name, methods),
                    "before": _worded(one.name, one.before),
                    "after": _worded(one.name, one.after),
                }
                for one in changes
            ],
            name_length_max=NAME_LENGTH_MAX,
        )

    return routes


def _asked(form: dict[str, str], methods: Methods) -> dict[str, str]:
    policy = form.get("capture_policy", "")
    if policy not in CAPTURE_POLICIES:
        raise Refused("policy_unknown", "売上請求の方法を選択してください。", status=422)
    asked: dict[str, str] = {"capture_policy": policy}
    for kind in methods:
        name = _display_name(form.get(f"name:{kind}", "").strip())
        asked[f"name:{kind}"] = "" if name == methods[kind].menu().name else name
        asked[f"offer:{kind}"] = "yes" if form.get(f"offer:{kind}") else "no"
    return asked


def _names(methods: Methods) -> list[str]:
    """Return the names of all settings that the form asks for."""
    return ["capture_policy", *(f"{what}:{kind}" for kind in methods for what in ("name", "offer"))]


def _display_name(typed: str) -> str:
    """Return what buyers shall read in menu and mails. Raises Refused."""
    if len(typed) > NAME_LENGTH_MAX:
        raise Refused("name_too_long", f"表示名は{NAME_LENGTH_MAX}文字以内で入力してください。", status=422)
    try:
        return unlinked_line(typed)
    except TextRefused as refused:
        raise Refused("name_refused", f"表示名に{refused.message}。", status=422) from None


def _method(shown: dict[str, str], kind: str, methods: Methods) -> dict[str, Any]:
    own = methods[kind].menu().name
    return {
        "kind": kind,
        "own_name": own,
        "name": shown[f"name:{kind}"] or own,
        "offered": shown[f"offer:{kind}"] == "yes",
    }


def _named(name: str, methods: Methods) -> str:
    what, _, kind = name.partition(":")
    words = {"capture_policy": "売上請求の方法", "name": "表示名", "offer": "利用設定"}
    own = f"（{methods[kind].menu().name}）" if kind in methods else ""
    return words.get(what, what) + own


def _worded(name: str, value: str | None) -> str:
    if not value:
        return "（初期値）"
    if name == "capture_policy":
        return POLICIES.of(value)
    return _OFFERED.of(value) if name.startswith("offer:") else value
