"""The forms on the page of one order. Each carries the version of the order that the page showed."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field, ValidationInfo, field_validator

from checkout.order_desk.fields import CarrierText, TrackingNumber
from checkout.orders.rules.states import StaffReason
from shared.web.fields import Text, wrong

Version = Annotated[int, Field(ge=1, title="版")]


class ParcelForm(BaseModel):
    """The facts of the parcel to one delivery address."""

    ship_date: date | None = Field(None, title="商品発送日")
    carrier: CarrierText = ""
    tracking_number: TrackingNumber = ""


class TrackingForm(ParcelForm):
    """送付情報編集: the same facts, for the version of the order that the page showed."""

    version: Version


class OrderForm(BaseModel):
    """The order as staff saw it. A deed that needs one press has no other fields.

    ``confirmed`` is set by the form that the page shows again, under the warnings before the deed.
    """

    version: Version
    confirmed: bool = False


class ShipForm(BaseModel):
    """Which parcels to ship (ORD-17)."""

    destinations: list[UUID] = Field(default_factory=list, title="お届け先")
    send_mail: bool = Field(False, title="発送通知メール/受取通知メール(自動送信)を送信する")
    override_reason: Text = Field(
        "",
        title="このまま発送する理由",
        description="代金を受け取れないおそれがあります。発送する場合だけ入力してください。お名前とともに履歴に残ります。",
        max_length=500,
    )
    version: Version


class DepositForm(OrderForm):
    """入金状況 (PAY-07)."""

    deposit_date: date = Field(title="入金日")
    send_mail: bool = Field(False, title="入金確認メール(自動送信)を送信する")


class StatusForm(OrderForm):
    """ステータス (ORD-12)."""

    status: Literal["processed"] = Field(title="ステータス")


class CancelForm(OrderForm):
    """取消処理 (ORD-21)."""

    staff_reason: StaffReason = Field(
        title="キャンセルの区分", description="お客様へのメールの文面が変わります。"
    )
    note: Text = Field(
        "",
        title="キャンセル理由",
        description="お客様へのメールに記載されます。区分が「お客様のご依頼」の場合は、省略できます。",
        max_length=500,
        validate_default=True,
    )
    send_mail: bool = Field(False, title="キャンセルのメールをお客様に送信する")
    although_shipped: bool = Field(False, title="発送後にキャンセルする(返品・受取拒否)")

    @field_validator("note")
    @classmethod
    def has_a_reason(cls, note: str, info: ValidationInfo) -> str:
        """Refuse a cancellation without a reason, unless the buyer asked for it."""
        if not note and info.data.get("staff_reason") != "buyer":
            raise wrong("キャンセル理由を入力してください")
        return note


class NoteForm(OrderForm):
    """A remark of staff."""

    text: Text = Field(title="メモ", description="お客様には表示されません。", min_length=1, max_length=1_000)
