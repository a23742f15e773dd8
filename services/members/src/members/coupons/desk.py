"""クーポン at the desk: all definitions, and the form for a new one (CPN-01, CPN-03)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import Field
from starlette.responses import Response

from members.coupons.define_coupon import define_coupon
from members.coupons.definitions import DefinedCoupon, count_coupons, find_coupons
from members.coupons.labels import KIND_LABEL
from members.coupons.rules import CouponTerms, effect
from members.deeds.doer import doer
from shared.clock import last_day, now
from shared.errors import Refused
from shared.ids import new_id
from shared.web.cells import Cell, at, badge, hint, link, number, text
from shared.web.forms import Form, read_form
from shared.web.lists import Column, DeskList, NoFilters
from shared.web.paging import Paging
from shared.web.parts import CurrentParts, Parts
from shared.web.session import Viewer, needs, require_right

router = APIRouter(include_in_schema=False)

PAGE = "/desk/members/coupons"
MayDefine = Annotated[Viewer, Depends(require_right("define_coupons"))]


def _until(coupon: DefinedCoupon) -> Cell:
    until = text(f"{last_day(coupon.expires_at):%Y/%m/%d}")
    return (until, badge(("期限切れ", "plain"))) if coupon.expires_at <= now() else until


def _uses(coupon: DefinedCoupon) -> Cell:
    return text(f"{coupon.uses:,} / {coupon.uses_max:,}") if coupon.uses_max else number(coupon.uses)


COUPONS = DeskList[NoFilters, DefinedCoupon](
    path=PAGE,
    filters=NoFilters,
    columns=[
        Column("クーポン名", lambda one: link(one.name, f"{PAGE}/{one.coupon_id}"), css="wraps card-who"),
        Column("内容", lambda one: text(effect(one.kind, one.value)), css="card-amount"),
        Column("有効期限", _until, css="card-state", named=True),
        Column("発行", lambda one: number(one.issued), numeric=True, named=True),
        Column("利用", _uses, numeric=True, named=True),
        Column("登録", lambda one: (at(one.defined_at), hint(text(one.defined_by))), named=True),
    ],
    href=lambda one: f"{PAGE}/{one.coupon_id}",
)


class NewCoupon(CouponTerms):
    """A new coupon.

    ``key`` is made with the form and becomes the coupon's id, so a repeated submission makes one coupon.
    """

    key: UUID = Field(title="登録の番号")


@router.get(PAGE, dependencies=[needs("read_coupons")])
async def list_coupons(request: Request, parts: CurrentParts, paging: Paging) -> Response:
    """Show the coupons, newest first."""
    async with parts.db.transaction() as tx:
        found = await find_coupons(tx, rows_max=paging.size, offset=paging.offset)
        total = await count_coupons(tx)
    shown = COUPONS.shown(COUPONS.read(request, paging), found, total)
    return parts.pages.render(request, "desk_coupons.html", list=shown)


@router.get(f"{PAGE}/new")
async def show_empty_coupon(request: Request, parts: CurrentParts, _: MayDefine) -> Response:
    """Show the form."""
    return _form_page(request, parts, Form(NewCoupon, {"value": "", "minimum": "", "key": new_id()}))


@router.post(f"{PAGE}/new")
async def save_coupon(request: Request, parts: CurrentParts, staff: MayDefine) -> Response:
    """Define a coupon and redirect to choosing the members. Only owners may, because a coupon is money."""
    form, status = await read_form(request, NewCoupon), 422
    if "key" in form.errors:
        form.values["key"] = new_id()
    if not form.errors:
        coupon_id = form.value.key
        try:
            async with parts.db.transaction() as tx:
                await define_coupon(tx, coupon_id, form.value, by=doer(request, staff), at=now())
        except Refused as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            toast = f"「{form.value.name}」を登録しました。発行する会員を選んでください"
            return parts.pages.redirect(request, f"{PAGE}/{coupon_id}", toast=toast)
    return _form_page(request, parts, form, status=status)


@dataclass(frozen=True, slots=True)
class ShownCoupon:
    """A definition as text. ``ended`` means that nobody can use it any more."""

    path: str
    name: str
    effect: str
    condition: str
    until: str
    ended: bool
    uses: int
    uses_max: int | None
    member_uses_max: int
    defined_at: datetime
    defined_by: str


def terms_of(coupon: DefinedCoupon, *, at: datetime) -> ShownCoupon:
    """Return a definition as pages show it at ``at``."""
    return ShownCoupon(
        path=f"{PAGE}/{coupon.coupon_id}",
        name=coupon.name,
        effect=effect(coupon.kind, coupon.value),
        condition=f"商品合計¥{coupon.minimum:,}以上" if coupon.minimum else "なし",
        until=f"{last_day(coupon.expires_at):%Y/%m/%d}",
        ended=coupon.expires_at <= at,
        uses=coupon.uses,
        uses_max=coupon.uses_max,
        member_uses_max=coupon.member_uses_max,
        defined_at=coupon.defined_at,
        defined_by=coupon.defined_by,
    )


def _form_page(request: Request, parts: Parts, form: Form[NewCoupon], *, status: int = 200) -> Response:
    kinds = list(KIND_LABEL.items())
    return parts.pages.render(request, "desk_coupon_new.html", status=status, form=form, kinds=kinds)
