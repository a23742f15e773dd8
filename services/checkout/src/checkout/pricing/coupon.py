"""What a coupon takes off an order. Members vouches for the coupon; only we know the cart (CPN-01).

A coupon comes off before points. Its base is the sum of the goods, tax included, without shipping and fees;
a percentage is rounded down to the yen, and no coupon takes off more than the goods cost.
"""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.clock import last_day
from shared.errors import Refused


class Coupon(BaseModel):
    """A coupon of a member. ``value`` is yen or percent, as ``kind`` says; ``minimum`` is in yen of goods."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    issue_id: UUID
    name: str
    kind: Literal["amount_off", "percent_off", "free_shipping"]
    value: int = Field(0, ge=0)
    minimum: int = Field(0, ge=0)
    expires_at: datetime

    @property
    def frees_shipping(self) -> bool:
        """Return whether no shipping is charged."""
        return self.kind == "free_shipping"

    @property
    def effect(self) -> str:
        """Return what it does, in words."""
        if self.kind == "free_shipping":
            return "送料無料"
        return f"¥{self.value:,}引き" if self.kind == "amount_off" else f"{self.value}％引き"

    @property
    def last_day(self) -> date:
        """Return the last day in Japan on which it can be used."""
        return last_day(self.expires_at)

    def off(self, items: int) -> int:
        """Return the yen that it takes off goods of ``items`` yen. Raises Refused(coupon_minimum)."""
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
        """Raise Refused(coupon_expired) from the moment on at which it ends."""
        if at >= self.expires_at:
            raise Refused(
                "coupon_expired",
                f"「{self.name}」の有効期限が過ぎました。クーポンを外して、もう一度ご確認ください。",
                field="coupon",
                status=422,
            )
