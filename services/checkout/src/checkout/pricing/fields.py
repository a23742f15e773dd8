"""The fields of the settings page by which staff decide on prices."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from checkout.pricing.settings import FREE_SHIPPING_FROM_MAX, SHIPPING_FEE_MAX
from shared.web.fields import typed, wrong


def yen(label: str, most: int) -> AfterValidator:
    """Return a rule for 0 to ``most`` yen, whose refusals name the unit."""

    def between(amount: int) -> int:
        if amount < 0:
            raise wrong(f"{label}は0円以上で入力してください")
        if amount > most:
            raise wrong(f"{label}は{most:,}円以下で入力してください")
        return amount

    return AfterValidator(between)


_Fee = Annotated[int, BeforeValidator(typed), yen("送料", SHIPPING_FEE_MAX)]
_FreeFrom = Annotated[int, BeforeValidator(typed), yen("送料無料になる金額", FREE_SHIPPING_FROM_MAX)]


class PriceFields(BaseModel):
    """What :class:`PriceSettings` hold, in the order of the page; an empty threshold means that shipping is never free."""

    shipping_fee: _Fee = Field(
        title="送料", description="全国一律・税込。お支払い方法による違いはありません。"
    )
    free_shipping_from: _FreeFrom | None = Field(
        None,
        title="送料無料になる金額",
        description="商品合計がこの金額以上で送料無料。空欄にすると常に送料がかかります。",
    )
    free_shipping_after_discounts: bool = Field(False, title="ポイント・クーポン値引き後の金額で判定する")
