"""What is said when an order was made cheaper by points or a coupon that could not be taken: the shop lost money."""

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
    """Say how many ``points`` were missing, and whether a coupon had no use left.

    ``holder_id`` is whose they were to be, ``reason`` why the order has no such member, if it has none.
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
