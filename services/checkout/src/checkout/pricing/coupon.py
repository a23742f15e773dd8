"""The reduction by a coupon. Members signs the coupon; checkout knows the cart (CPN-01).

The coupon is subtracted before points. Its base is the sum of the goods, tax included, without shipping and fees. A
percentage is rounded down to the yen. No coupon is worth more than the goods cost.
"""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.clock import last_day
from shared.errors import Refused


class Coupon(BaseModel):
    """A coupon of a member. ``value`` is yen or percent, depending on ``kind``; ``minimum`` is in yen of goods."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    issue_id: UUID
    name: str
    kind: Literal["amount_off", "percent_off", "free_shipping"]
    value: int = Field(0, ge=0)
    minimum: int = Field(0, ge=0)
    expires_at: datetime

    @property
    def frees_shipping(self) -> bool:
        """Return whether shipping is free."""
        return self.kind == "free_shipping"

    @property
    def effect(self) -> str:
        """Return the effect as text."""
        if self.kind == "free_shipping":
            return "送料無料"
        return f"¥{self.value:,}引き" if self.kind == "amount_off" else f"{self.value}％引き"

    @property
    def last_day(self) -> date:
        """Return the last valid day in Japan."""
        return last_day(self.expires_at)

    def off(self, items: int) -> int:
        """Return the reduction in yen for goods of ``items`` yen. Raises Refused(coupon_minimum)."""
        if items < self.minimum:
            raise Refused(
                "coupon_minimum",
                f"「{self.name}」は商品合計¥{self.minimum:,}以上のご注文でご利用いただけます。"
                "商品を追加するか、クーポンを外してください。",
                field="coupon",
                status=422,
            )
        if self.kind == "percent_off":
            return items * min(self.value, 100) // 100
        return min(self.value, items) if self.kind == "amount_off" else 0

    def check_unexpired(self, at: datetime) -> None:
        """Raise Refused(coupon_expired) from the moment at which the coupon ends."""
        if at >= self.expires_at:
            raise Refused(
                "coupon_expired",
                f"「{self.name}」の有効期限が過ぎました。クーポンを外して、もう一度ご確認ください。",
                field="coupon",
                status=422,
            )
