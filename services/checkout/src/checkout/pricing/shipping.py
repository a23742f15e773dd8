"""The shipping fee. Its rules are the same for every payment method (AP-25, SHP-24)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ShippingRules:
    """The shop's shipping fee in yen, and the goods total from which it is free (None: never).

    ``after_discounts`` compares the goods total after points and coupons with the threshold (SHP-24).
    """

    fee: int
    free_from: int | None
    after_discounts: bool = False

    def fee_for(self, items: int, *, discounts: int = 0) -> int:
        """Return the shipping fee for goods of ``items`` yen."""
        counted = items - discounts if self.after_discounts else items
        return 0 if self.free_from is not None and counted >= self.free_from else self.fee

    def missing_until_free(self, items: int) -> int:
        """Return the yen of goods missing until shipping is free. Return 0 if it is free, or never free."""
        if self.free_from is None or self.fee_for(items) == 0:
            return 0
        return self.free_from - items
