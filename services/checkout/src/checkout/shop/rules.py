"""The settings of the shop that staff change, with their defaults and limits."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from checkout.pricing.price import ShippingRules

Closing = Literal["by_itself", "by_staff"]
"""Who sets 処理済み once shipping and deposit are complete (ORD-13)."""
SHIPPING_FEE_MAX = 100_000
FREE_SHIPPING_FROM_MAX = 10_000_000


class ShopSettings(BaseModel):
    """Every setting of the storefront with its default. A row exists only for what was changed."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    shipping_fee: int = Field(550, ge=0, le=SHIPPING_FEE_MAX)
    free_shipping_from: int | None = Field(5_000, ge=0, le=FREE_SHIPPING_FROM_MAX)
    free_shipping_after_discounts: bool = False
    registration_box_ticked: bool = True
    closing: Closing = "by_itself"

    @property
    def shipping(self) -> ShippingRules:
        """Return the shipping part as prices are computed with it."""
        return ShippingRules(self.shipping_fee, self.free_shipping_from, self.free_shipping_after_discounts)
