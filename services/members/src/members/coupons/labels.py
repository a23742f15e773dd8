"""Texts about coupons, for the desk and for the member who holds them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from members.coupons.rows import IssuedCoupon
from members.coupons.rules import CouponKind, effect
from shared.clock import last_day
from shared.shop.labels import Labels

KIND_LABEL = Labels[CouponKind](
    CouponKind,
    {
        "amount_off": "値引き（円）",
        "percent_off": "割引き（％）",
        "free_shipping": "送料無料",
    },
)


@dataclass(frozen=True, slots=True)
class CouponLine:
    """A coupon of a member as pages show it. ``left`` counts the member's remaining uses."""

    coupon_id: UUID
    name: str
    effect: str
    condition: str
    until: str
    state: str
    kind: str
    left: int
    uses: int
    uses_max: int
    issued_at: datetime
    issued_by: str


def coupon_line(coupon: IssuedCoupon, *, at: datetime) -> CouponLine:
    """Return a coupon as pages show it, with its state at ``at``."""
    state, kind = _state(coupon, at)
    return CouponLine(
        coupon.coupon_id,
        coupon.name,
        effect=effect(coupon.kind, coupon.value),
        condition=f"商品合計¥{coupon.minimum:,}以上" if coupon.minimum else "",
        until=f"{last_day(coupon.expires_at):%Y/%m/%d}",
        state=state,
        kind=kind,
        left=max(0, coupon.uses_max - coupon.uses),
        uses=coupon.uses,
        uses_max=coupon.uses_max,
        issued_at=coupon.issued_at,
        issued_by=coupon.issued_by,
    )


def _state(coupon: IssuedCoupon, at: datetime) -> tuple[str, str]:
    if coupon.uses >= coupon.uses_max:
        return "ご利用済み・お手続き中", "plain"
    if coupon.expires_at <= at:
        return "期限切れ", "plain"
    return ("受付終了", "plain") if coupon.sold_out else ("利用できます", "done")
