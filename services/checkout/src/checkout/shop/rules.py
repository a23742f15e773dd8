"""The settings of the shop that staff change, with their defaults and limits."""

from typing import Literal

from checkout.pricing.settings import PriceSettings

Closing = Literal["by_itself", "by_staff"]
"""Who sets 処理済み once shipping and deposit are complete (ORD-13)."""


class ShopSettings(PriceSettings):
    """Every setting of the storefront with its default. A row exists only for what was changed."""

    registration_box_ticked: bool = True
    closing: Closing = "by_itself"
