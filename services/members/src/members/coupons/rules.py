"""Coupons: their definition, the coupons of a member, and the states of a use.

    reserved ──redeemed──▶ used ──returned──▶ usable again, until the coupon expires
        └────released────▶ usable again

A use counts from its reservation on, so that no limit is ever exceeded (promise P3).
"""

from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.clock import end_of_day, in_japan
from shared.errors import Refused
from shared.web.fields import Count, Line, Yen

CouponKind = Literal["amount_off", "percent_off", "free_shipping"]
EntryKind = Literal["reserved", "released", "redeemed", "returned"]

VALID_DAYS_MAX = 3650


class CouponTerms(BaseModel):
    """The terms of a coupon, set by staff (CPN-01).

    They never change, because members have the coupon under these terms.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: Line = Field(title="クーポン名", min_length=1, max_length=60, description="お客様に表示されます。")
    kind: CouponKind = Field(title="種類")
    value: Yen = Field(
        0,
        title="値引額・割引率",
        description="値引きは円、割引きは％の数字です。送料無料では空欄にします。",
    )
    minimum: Yen = Field(
        0,
        title="ご利用条件（商品合計）",
        description="商品合計がこの金額以上のご注文で使えます。空欄にすると条件はありません。",
    )
    valid_until: date = Field(title="有効期限", description="この日の終わり（日本時間）まで使えます。")
    uses_max: Count | None = Field(
        None, title="全体の利用回数の上限", description="空欄にすると上限はありません。"
    )
    member_uses_max: Count = Field(1, title="会員ごとの利用回数の上限")

    @property
    def expires_at(self) -> datetime:
        """Return the end of validity: midnight in Japan after the last day."""
        return end_of_day(self.valid_until)


def check_terms(terms: CouponTerms, *, at: datetime) -> None:
    """Refuse terms that make no sense, at the field."""
    if terms.kind == "amount_off" and terms.value < 1:
        raise Refused("value_missing", "値引額を1円以上で入力してください", field="value", status=422)
    if terms.kind == "percent_off" and not 1 <= terms.value <= 100:
        raise Refused(
            "percent_out_of_range", "割引率は1から100までの数字で入力してください", field="value", status=422
        )
    if terms.kind == "free_shipping" and terms.value:
        raise Refused(
            "value_not_wanted", "送料無料では値引額・割引率を空欄にしてください", field="value", status=422
        )
    today = in_japan(at).date()
    if terms.valid_until > today + timedelta(days=VALID_DAYS_MAX):
        raise Refused(
            "too_far_away", "有効期限は10年以内の日付を入力してください", field="valid_until", status=422
        )
    if terms.valid_until < today:
        raise Refused(
            "expired_already", "有効期限は今日以降の日付を入力してください", field="valid_until", status=422
        )


def effect(kind: CouponKind, value: int) -> str:
    """Return the effect of a coupon as text."""
    if kind == "free_shipping":
        return "送料無料"
    return f"¥{value:,}引き" if kind == "amount_off" else f"{value}％引き"


class Coupon(BaseModel):
    """A coupon of a member as the benefit statement carries it to checkout.

    Members does not know the cart. ``value`` may be a percentage, depending on ``kind``, and checkout computes the yen.
    ``minimum`` is the least sum of goods in yen. The coupon is not usable from ``expires_at`` on.
    """

    model_config = ConfigDict(frozen=True, from_attributes=True)

    issue_id: UUID
    name: str
    kind: CouponKind
    value: int
    minimum: int
    expires_at: datetime


class CouponRefused(Refused):
    """The order cannot use this coupon."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message, field="coupon")
