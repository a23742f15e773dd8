"""The point rules in force, for the pages of checkout."""

from decimal import Decimal

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from members.shop_rules.rows import rules_at
from shared.clock import now
from shared.web.parts import CurrentParts
from shared.web.session import viewer

router = APIRouter(prefix="/api/members", tags=["members"], dependencies=[Depends(viewer)])


class PointRules(BaseModel):
    """The points that the shop grants for registering and buying."""

    points_enabled: bool
    purchase_percent: Decimal
    registration_points: int
    registration_points_usable_at_once: int


@router.get("/point-rules")
async def point_rules(parts: CurrentParts) -> PointRules:
    """Return the point rules in force."""
    async with parts.db.transaction() as tx:
        rules = await rules_at(tx, now())
    return PointRules(
        points_enabled=rules.points_enabled,
        purchase_percent=rules.purchase_percent,
        registration_points=rules.registration_grant(),
        registration_points_usable_at_once=rules.registration_points_usable_at_once(),
    )
