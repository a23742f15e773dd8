"""The forms of checkout's pages that use points and a coupon for an order, and the signed statement."""

from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from members.benefits.reserve_benefit import (
    STATEMENT_VALID_FOR,
    Reservation,
    reservable_points,
    reserve_benefit,
    reserve_registration_points,
)
from members.points.rules import NotEnoughPoints
from members.shop_rules.rows import rules_at
from members.viewer import member_id_of
from members.wallets.statement import wallet_of
from shared.clock import now
from shared.errors import Refused
from shared.shop.statements import COOKIE, Issuer
from shared.web.fields import Yen
from shared.web.forms import read_form
from shared.web.parts import CurrentParts, Parts
from shared.web.session import CurrentViewer, Viewer, safe_next, viewer

router = APIRouter(dependencies=[Depends(viewer)], include_in_schema=False)


class UseBenefit(BaseModel):
    """The wanted benefit. A field that is left out keeps the earlier choice. ``use`` is the pressed button."""

    points: Yen | None = Field(None, title="ご利用ポイント")
    coupon: UUID | Literal["none"] | None = Field(None, title="クーポン")
    use: Literal["points", "coupon", ""] = Field("", title="ご利用")


async def reserve(request: Request, parts: Parts, asked: UseBenefit, viewer: Viewer) -> Reservation:
    """Reserve the benefit for the viewer: a member, or an Amazon buyer who registers with the order.

    Raises Refused with the reason.
    """
    if asked.points is None and asked.coupon is None:
        raise Refused("nothing_chosen", "ご利用ポイントを数字で入力してください", field="points", status=422)
    member_id, wallet = member_id_of(viewer), await wallet_of(request, parts)
    async with parts.db.transaction() as tx:
        if member_id is not None:
            return await reserve_benefit(
                tx,
                member_id=member_id,
                points=asked.points,
                coupon=asked.coupon,
                at=now(),
                earlier_id=earlier_reservation(request, parts, member_id),
            )
        if asked.points is None or wallet is None or not wallet.email:
            raise Refused("sign_in_needed", "ポイントとクーポンのご利用にはログインが必要です", status=401)
        return await reserve_registration_points(
            tx,
            buyer_id=wallet.buyer_id,
            email=wallet.email,
            points=asked.points,
            at=now(),
        )


def earlier_reservation(request: Request, parts: Parts, member_id: UUID) -> UUID | None:
    """Return the reservation whose statement is in this browser, if it is this member's."""
    claims = parts.claims(request, "benefit")
    if claims is None or claims.get("member_id") != str(member_id):
        return None
    return UUID(str(claims["reservation_id"]))


def put_statement(parts: Parts, response: Response, reservation: Reservation) -> Response:
    """Store the signed statement for checkout in the browser."""
    statement = parts[Issuer].issue("benefit", reservation.claims(), valid_for=STATEMENT_VALID_FOR)
    parts.cookies.write(
        response,
        COOKIE["benefit"],
        statement,
        max_age_seconds=int(STATEMENT_VALID_FOR.total_seconds()),
    )
    return response


@router.post("/members/benefits/reserve")
async def use_benefit(request: Request, parts: CurrentParts, viewer: CurrentViewer) -> Response:
    """Reserve points or a coupon (0 or "none" releases them) and return to the order."""
    sent = await request.form()
    next_path = safe_next(str(sent.get("next", "")), "/cart")
    form = await read_form(request, UseBenefit)
    wants_points = form["use"] == "points" or not form["coupon"]
    place = "points" if wants_points else "coupon"
    try:
        if "points" in form.errors or (wants_points and form["points"] == ""):
            raise NotEnoughPoints(await _usable(request, parts, viewer))
        if form.errors:
            raise Refused("invalid", next(iter(form.errors.values())), status=422)
        reservation = await reserve(request, parts, form.value, viewer)
    except Refused as refusal:
        place = "points" if isinstance(refusal, NotEnoughPoints) else place
        typed = str(form["points"]) if place == "points" else ""
        return parts.pages.redirect(
            request, _box(next_path, place), toast=refusal.message, kind="stop", place=place, typed=typed
        )
    # A buyer who is confirming an order must first see that the total changed.
    back = next_path if "total" in sent and not form["use"] else _box(next_path, place)
    return put_statement(parts, parts.pages.redirect(request, back), reservation)


def _box(path: str, place: str) -> str:
    """Return ``path`` with a fragment that scrolls to the used field."""
    return f"{path.partition('#')[0]}#{place}"


async def _usable(request: Request, parts: Parts, viewer: Viewer) -> int:
    """Return how many points the viewer could use."""
    member_id = member_id_of(viewer)
    async with parts.db.transaction() as tx:
        if member_id is None:
            return (await rules_at(tx, now())).registration_points_usable_at_once()
        return await reservable_points(
            tx, member_id, earlier_id=earlier_reservation(request, parts, member_id)
        )
