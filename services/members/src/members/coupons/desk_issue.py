"""One coupon at the desk: its terms, its holders with the issuer, and issuing it to more members (CPN-03)."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from members.accounts.search import MemberSearch, count_members, find_members
from members.coupons.definitions import coupon_by_id, holders_among, issued_members
from members.coupons.desk import PAGE, terms_of
from members.coupons.issue_coupon import Issued, issue_coupon
from members.deeds.doer import doer
from shared.clock import now
from shared.errors import Refused
from shared.web.forms import read_form
from shared.web.paging import Page, PageAsked, Paging
from shared.web.parts import CurrentParts, Parts
from shared.web.session import Staff, needs

router = APIRouter(include_in_schema=False)


class ChosenMembers(BaseModel):
    """The selected members."""

    id: list[UUID] = Field(default_factory=list, title="会員")


@router.get(f"{PAGE}/{{coupon_id}}", dependencies=[needs("read_coupons")])
async def show_coupon(request: Request, coupon_id: UUID, parts: CurrentParts, asked: Paging) -> Response:
    """Show the terms and the pages of holders."""
    async with parts.db.transaction() as tx:
        coupon = await coupon_by_id(tx, coupon_id)
        if coupon is None:
            raise Refused("coupon_unknown", "このクーポンは見つかりません", status=404)
        holders = await issued_members(tx, coupon_id, rows_max=asked.size, offset=asked.offset)
    return parts.pages.render(
        request,
        "desk_coupon.html",
        coupon=terms_of(coupon, at=now()),
        holders=holders,
        page=asked.of(coupon.issued),
    )


@router.get(f"{PAGE}/{{coupon_id}}/members", dependencies=[needs("issue_coupons")])
async def choose_members(request: Request, coupon_id: UUID, parts: CurrentParts, asked: Paging) -> Response:
    """Show the found members. Those without the coupon have a checkbox."""
    return await _choice(request, parts, coupon_id, asked)


@router.post(f"{PAGE}/{{coupon_id}}/members", dependencies=[needs("issue_coupons")])
async def issue_to_members(
    request: Request, coupon_id: UUID, parts: CurrentParts, asked: Paging, staff: Staff
) -> Response:
    """Issue the coupon to the selected members and show the result for each."""
    form = await read_form(request, ChosenMembers)
    if form.errors:
        trouble = "会員の選択を確認してください"
        return await _choice(request, parts, coupon_id, asked, trouble=trouble, status=422)
    try:
        async with parts.db.transaction() as tx:
            issued = await issue_coupon(tx, coupon_id, form.value.id, by=doer(request, staff), at=now())
    except Refused as refusal:
        if refusal.status == 404:
            raise
        return await _choice(request, parts, coupon_id, asked, trouble=refusal.message, status=refusal.status)
    return await _choice(request, parts, coupon_id, asked, issued=issued)


async def _choice(
    request: Request,
    parts: Parts,
    coupon_id: UUID,
    asked: PageAsked,
    *,
    issued: list[Issued] | None = None,
    trouble: str = "",
    status: int = 200,
) -> Response:
    search = MemberSearch(request.query_params.get("q", "").strip()[:100])
    async with parts.db.transaction() as tx:
        coupon = await coupon_by_id(tx, coupon_id)
        if coupon is None:
            raise Refused("coupon_unknown", "このクーポンは見つかりません", status=404)
        rows = await find_members(tx, search, sort="-registered_at", rows_max=asked.size, offset=asked.offset)
        total = await count_members(tx, search)
        holders = await holders_among(tx, coupon_id, [row.member_id for row in rows])
    page: Page = asked.of(total)
    return parts.pages.render(
        request,
        "desk_coupon_members.html",
        status=status,
        coupon=terms_of(coupon, at=now()),
        trouble=trouble,
        results=[_result(one) for one in issued or []],
        members=[
            {
                "id": str(row.member_id),
                "path": f"/desk/members/{row.member_id}",
                "name": row.name,
                "kana": row.kana,
                "email": row.email,
                "has_it": row.member_id in holders,
                "registered_at": row.registered_at,
            }
            for row in rows
        ],
        words=search.words,
        page=page,
    )


def _result(one: Issued) -> dict[str, Any]:
    return {
        "code": one.name or str(one.member_id),
        "ok": one.ok,
        "text": one.text,
        "href": f"/desk/members/{one.member_id}" if one.name else "",
    }
