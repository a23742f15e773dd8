"""The fields of the order form, and their conversion to the orderer and the address of an order."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from shared.events import Address, Orderer
from shared.web.fields import AddressLine, Email, Kana, PersonName, Phone, PostalCode, Prefecture


class AddressFields(BaseModel):
    """An address with its addressee."""

    model_config = ConfigDict(extra="ignore")

    name: PersonName = Field(title="お名前")
    postal_code: PostalCode
    prefecture: Prefecture
    address1: AddressLine = Field(title="住所1", min_length=1)
    address2: AddressLine = Field("", title="住所2")
    phone: Phone

    @classmethod
    def of_draft(cls, kept: Mapping[str, Any]) -> Self:
        """Return the fields that an earlier screen stored. Empty fields count as missing."""
        return cls.model_validate({name: value for name, value in kept.items() if value != ""})

    def address(self) -> Address:
        """Return the address as events carry it."""
        return Address(**self.model_dump(include=set(Address.model_fields)))


class OrdererFields(AddressFields):
    """注文者情報: the buyer, and the address for mails."""

    kana: Kana = Field("", title="フリガナ")
    email: Email

    def orderer(self) -> Orderer:
        """Return the orderer as events carry it."""
        return Orderer(**self.model_dump(include=set(Orderer.model_fields)))


class DeliverTo(BaseModel):
    """お届け先入力: to the orderer, or to another address."""

    deliver_to: Literal["orderer", "other"] = Field("orderer", title="お届け先")


DeliveryDate = Annotated[date | None, BeforeValidator(lambda typed: typed or None)]
"""A day of the list of delivery dates; None for 指定なし."""


class ChosenDate(BaseModel):
    """お届け希望日, as the buyer chooses it before the order is confirmed."""

    delivery_date: DeliveryDate = Field(None, title="お届け希望日")


class Confirmation(BaseModel):
    """The fields that the confirmation page submits: the id of the attempt and the total that it showed.

    ``coupon`` and ``points`` are the values of its fields. The buyer may have submitted them without applying them.
    """

    key: str = Field(min_length=8, max_length=64, title="確認番号")
    total: int = Field(ge=0, title="お支払い合計")
    coupon: str = Field("", max_length=64, title="クーポン")
    points: str = Field("", max_length=64, title="ご利用ポイント")
    delivery_date: DeliveryDate = Field(None, title="お届け希望日")


class WalletConfirmation(Confirmation):
    """The same fields from 「ご注文手続き」, with the wallet's choice that it showed and the registration box (AP-19)."""

    shown: str = Field(max_length=64, title="確認番号")
    register_member: bool = Field(False, title="会員登録する")
    newsletter: bool = Field(False, title="メールマガジンを受け取る")
