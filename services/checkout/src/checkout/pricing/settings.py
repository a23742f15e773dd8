"""What of the price staff decide: the settings, and the rules that follow from them.

A rule of a price is a module of this folder, a setting here, a field in ``fields.py`` and a line in :data:`RULES`.
Pages, papers and mails show its :class:`Adjustment` by themselves.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field

from checkout.pricing.shipping import ShippingRules
from shared.events import Adjustment

SHIPPING_FEE_MAX = 100_000
FREE_SHIPPING_FROM_MAX = 10_000_000


class PriceSettings(BaseModel):
    """The settings by which an order is priced, with their defaults."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    shipping_fee: int = Field(550, ge=0, le=SHIPPING_FEE_MAX)
    free_shipping_from: int | None = Field(5_000, ge=0, le=FREE_SHIPPING_FROM_MAX)
    free_shipping_after_discounts: bool = False

    @property
    def shipping(self) -> ShippingRules:
        """Return the rules for the shipping fee."""
        return ShippingRules(self.shipping_fee, self.free_shipping_from, self.free_shipping_after_discounts)

    @property
    def adjusting(self) -> "Sequence[PriceRule]":
        """Return the rules in force that change the price of the goods, in the order in which they do."""
        return [rule for make in RULES if (rule := make(self)) is not None]


class PriceRule(Protocol):
    """A rule that changes the price of the goods of an order."""

    def adjust(self, goods: int) -> Adjustment | None:
        """Return what is put on or taken off goods that cost ``goods`` yen so far; None for nothing."""


RULES: Sequence[Callable[[PriceSettings], PriceRule | None]] = ()
"""How each rule follows from the settings: None where the shop does not use it."""
