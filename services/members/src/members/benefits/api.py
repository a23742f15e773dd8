"""The API that reserves points or a coupon."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator

from members.benefits.pages import UseBenefit, put_statement, reserve
from members.benefits.reserve_benefit import STATEMENT_VALID_FOR
from members.coupons.rules import Coupon
from shared.clock import now
from shared.web.fields import JsonInt, wrong
from shared.web.parts import CurrentParts
from shared.web.session import CurrentViewer, viewer

router = APIRouter(prefix="/api/members", tags=["members"], dependencies=[Depends(viewer)])


def _coupon(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    """Name the field in the refusal, not the forms that its value may have."""
    try:
        return read(value)
    except ValidationError:
        raise wrong("クーポンのIDか「none」をcouponに指定してください") from None


CouponChoice = Annotated[UUID | Literal["none"], WrapValidator(_coupon)]


class WantedBenefit(BaseModel):
    """The wanted reservation. A field that is left out keeps the earlier choice. 0 points and "none" choose nothing."""

    points: Annotated[JsonInt, Field(ge=0, le=99_999_999)] | None = None
    coupon: CouponChoice | None = None


class ReservedBenefit(BaseModel):
    """The reservation. The cookie ``noren_benefit`` contains its signed statement."""

    reservation_id: UUID
    member_id: UUID
    points: int
    coupon: Coupon | None
    registration: bool
    expires_at: datetime


@router.post("/benefits", responses={401: {}, 409: {}})
async def set_benefit_aside(
    request: Request, response: Response, wanted: WantedBenefit, parts: CurrentParts, viewer: CurrentViewer
) -> ReservedBenefit:
    """Reserve points or a coupon for an order, or change the reservation.

    409 ``not_enough_points``, ``coupon_used``, ``coupon_expired``, ``coupon_sold_out`` or ``coupon_unknown``.
    """
    asked = UseBenefit(points=wanted.points, coupon=wanted.coupon)
    reservation = await reserve(request, parts, asked, viewer)
    put_statement(parts, response, reservation)
    return ReservedBenefit(
        reservation_id=reservation.reservation_id,
        member_id=reservation.member_id,
        points=reservation.points,
        coupon=reservation.coupon,
        registration=reservation.registration,
        expires_at=now() + STATEMENT_VALID_FOR,
    )
