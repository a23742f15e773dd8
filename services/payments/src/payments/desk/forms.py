"""The forms of what staff do about a payment. Each carries the version of the payment that they saw."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from shared.web.fields import Line, PaidYen, Text

Version = Annotated[int, Field(ge=1, title="版")]
RecordId = Annotated[str, Field(title="記録番号", max_length=64, pattern=r"^desk:[0-9a-f]{32}$")]


@dataclass(frozen=True)
class Offer:
    """A deed of one press: the path's last part, its button, and what it will do, asked before.

    ``fields`` are what the form of the deed asks for beside the version.
    """

    path: str
    label: str
    confirm: str
    fields: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True)
class Contrary:
    """A record that staff may take back: the path's last part, the record, its words, the button, and what it will do."""

    path: str
    ref: str
    text: str
    label: str
    confirm: str


class TakeBack(BaseModel):
    """Take back a record of money that staff wrote down."""

    version: Version
    ref: str = Field(title="記録番号", max_length=200)


class Press(BaseModel):
    """A deed that needs nothing but the payment as it was seen."""

    version: Version


DEPOSIT_MAIL = "入金確認メール(自動送信)を送信する"


class Accept(BaseModel):
    """Take what is here for the whole."""

    version: Version
    send_mail: bool = Field(False, title=DEPOSIT_MAIL)


class Keep(Accept):
    """Let money that was to go back pay for the order after all."""


class Deposit(BaseModel):
    """What staff read on the statement. ``receipt_id`` comes with the form: sent twice, booked once."""

    version: Version
    amount: PaidYen = Field(title="入金額")
    deposited_on: date = Field(title="入金日")
    receipt_id: RecordId
    send_mail: bool = Field(
        False, title=DEPOSIT_MAIL, description="入金がご請求額に足りないときは送信しません。"
    )


class Outside(BaseModel):
    """What staff gave back by a way of their own. ``refund_id`` comes with the form: sent twice, booked once."""

    version: Version
    returned_amount: PaidYen = Field(title="返金した金額")
    route: Literal["bank_transfer", "gift_card"] = Field("bank_transfer", title="返金の方法")
    note: Text = Field(title="メモ", max_length=200, description="返金した日や振込先など")
    refund_id: RecordId


class PartRefund(BaseModel):
    """How much of a paid order's money the provider shall give back, and why."""

    version: Version
    refund_amount: PaidYen = Field(title="返金額")
    refund_reason: Text = Field(title="返金の理由", max_length=200)


class Dispute(BaseModel):
    """How a chargeback ended."""

    version: Version
    reference: Line = Field(title="申し立て番号", max_length=200)
    state: Literal["won", "lost"] = Field(title="結果")
    lost_amount: PaidYen | None = Field(None, title="返金された金額")


class Reopen(BaseModel):
    """Take back how a chargeback ended, and why."""

    version: Version
    reference: Line = Field(title="申し立て番号", max_length=200)
    reopen_reason: Text = Field(title="取り消す理由", max_length=200)
