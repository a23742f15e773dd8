"""The event about points or a coupon that reduced an order but could not be taken. The shop lost money."""

from typing import Literal
from uuid import UUID

from shared.database.transactions import Tx
from shared.events import BenefitShortageFound, OrderPlaced

NOT_ENOUGH_POINTS = "not_enough_points"
COUPON_USED_UP = "coupon_used_up"


def say_shortages(
    tx: Tx,
    event: OrderPlaced,
    *,
    holder_id: UUID | None,
    points: int = 0,
    coupon: bool = False,
    reason: str = "",
) -> None:
    """Publish how many ``points`` were missing, and whether a coupon had no use left.

    ``holder_id`` is the member who was to have them. ``reason`` says why the order does not have this member, if so.
    """
    if holder_id is None:
        return
    missing: list[tuple[Literal["points", "coupon"], int, str]] = []
    if points:
        missing.append(("points", points, reason or NOT_ENOUGH_POINTS))
    if coupon:
        missing.append(("coupon", event.amounts.coupon_discount, reason or COUPON_USED_UP))
    for benefit, amount, why in missing:
        tx.say(
            BenefitShortageFound(
                member_id=holder_id,
                benefit=benefit,
                missing=amount,
                reason=why,
                order_code=event.order_code,
            )
        )
