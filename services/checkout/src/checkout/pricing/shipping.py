"""The shipping fee. Its rules are the same for every payment method (AP-25, SHP-24)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ShippingRules:
    """The shop's shipping fee in yen, and from which goods total it is free (None: never).

    ``after_discounts`` counts points and coupons off before the threshold is looked at (SHP-24).
    """

    fee: int
    free_from: int | None
    after_discounts: bool = False

    def fee_for(self, items: int, *, discounts: int = 0) -> int:
        """Return the shipping fee for goods of ``items`` yen."""
        counted = items - discounts if self.after_discounts else items
        return 0 if self.free_from is not None and counted >= self.free_from else self.fee

    def missing_until_free(self, items: int) -> int:
        """Return how many yen of goods are missing until shipping is free; 0 if it is, or never will be."""
        if self.free_from is None or self.fee_for(items) == 0:
            return 0
        return self.free_from - items
