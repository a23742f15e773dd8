"""The settings of prices for staff, and the rules that they define.

This shop has no price rule. To add one, such as a reduction for several pieces (まとめ割):

1. a module of this folder with a :class:`PriceRule`, which returns an :class:`Adjustment` with its label and yen;
2. its settings as fields of :class:`PriceSettings`;
3. a function in :data:`RULES`, which makes the rule from the settings, or returns None while the shop does not use it.

Pages, papers and mails show the adjustment automatically. ``tests/checkout/test_price.py`` shows one.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from checkout.pricing.shipping import ShippingRules
from shared.events import Adjustment
from shared.shop.settings.group import YEN, Group, setting
from shared.web.fields import Pieces

SHIPPING_FEE_MAX = 100_000
FREE_SHIPPING_FROM_MAX = 10_000_000


class PriceSettings(Group):
    """The settings for pricing an order, with their defaults. Without a threshold, shipping is never free."""

    shipping_fee: Pieces = setting(
        550,
        section="送料・価格",
        label="送料",
        hint="全国一律・税込。お支払い方法による違いはありません。",
        unit=YEN,
        ge=0,
        le=SHIPPING_FEE_MAX,
    )
    free_shipping_from: Pieces | None = setting(
        5_000,
        label="送料無料になる金額",
        hint="商品合計がこの金額以上で送料無料。空欄にすると常に送料がかかります。",
        unit=YEN,
        ge=0,
        le=FREE_SHIPPING_FROM_MAX,
    )
    free_shipping_after_discounts: bool = setting(
        False,
        label="ポイント・クーポン値引き後の金額で判定する",
        listed="送料無料の判定に割引後の金額を使う",
    )

    @property
    def shipping(self) -> ShippingRules:
        """Return the rules for the shipping fee."""
        return ShippingRules(self.shipping_fee, self.free_shipping_from, self.free_shipping_after_discounts)

    @property
    def adjusting(self) -> "Sequence[PriceRule]":
        """Return the active rules that change the price of the goods, in the order of their application."""
        return [rule for make in RULES if (rule := make(self)) is not None]


class PriceRule(Protocol):
    """A rule that changes the price of the goods of an order."""

    def adjust(self, goods: int) -> Adjustment | None:
        """Return the change for goods that cost ``goods`` yen so far. Return None for no change."""


RULES: Sequence[Callable[[PriceSettings], PriceRule | None]] = ()
"""How the settings define each rule, in the order of application; see the recipe at the top of this module."""
