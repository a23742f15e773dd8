"""ポイント・会員設定: what staff decide at run time, with everything that was decided before (PNT-06, MEM-08)."""

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from members.deeds.doer import doer
from members.shop_rules.change_rules import change_rules
from members.shop_rules.rows import rule_changes, rules_at
from members.shop_rules.rules import ACTIVATION_LABEL, Rules
from members.shop_rules.words import summary
from shared.clock import now
from shared.errors import Refused
from shared.versions import version_of
from shared.web.forms import Form, read_form
from shared.web.parts import Here, Parts
from shared.web.session import Owner, require_staff

router = APIRouter(dependencies=[Depends(require_staff)], include_in_schema=False)


@router.get("/desk/members/rules")
async def show_rules(request: Request, parts: Here) -> Response:
    """Show the rules in force and their history."""
    async with parts.db.transaction() as tx:
        rules = await rules_at(tx, now())
    return await _page(request, parts, Form(Rules, rules.model_dump()))


@router.post("/desk/members/rules")
async def save_rules(request: Request, parts: Here, seen: Owner) -> Response:
    """Put other rules in force, as an owner; orders placed before keep theirs."""
    data = await request.form()
    form = await read_form(request, Rules)
    # A box that is not ticked is not sent at all.
    ticked = {name: name in data for name in ("points_enabled", "amazon_login")}
    if form.errors:
        form.values.update(ticked)
        return await _page(request, parts, form, status=422)
    rules = form.value.model_copy(update=ticked)
    try:
        async with parts.db.transaction() as tx:
            version = str(data.get("version", ""))
            await change_rules(tx, rules, by=doer(request, seen), seen=version, at=now())
    except Refused as refused:
        form.values.update(ticked)
        form.refuse(refused)
        return await _page(request, parts, form, status=refused.status)
    return parts.pages.redirect(request, "/desk/members/rules", toast="設定を変更しました")


async def _page(request: Request, parts: Parts, form: Form[Rules], *, status: int = 200) -> Response:
    async with parts.db.transaction() as tx:
        changes = await rule_changes(tx)
        in_force = await rules_at(tx, now())
    return parts.pages.render(
        request,
        "desk_rules.html",
        status=status,
        form=form,
        version=version_of(in_force.model_dump(mode="json")),
        activations=list(ACTIVATION_LABEL.items()),
        registration_activations=[(mode, ACTIVATION_LABEL[mode]) for mode in ("immediate", "manual")],
        changes=[
            {"at": at, "by": by, "title": "設定を変更", "text": summary(rules)} for at, by, rules in changes
        ],
    )
