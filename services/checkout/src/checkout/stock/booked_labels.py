"""Texts for what staff book."""

from typing import Literal

from shared.shop.labels import Labels

BookedReason = Literal["received", "corrected", "counted"]
BOOKED = Labels[BookedReason](BookedReason, {"received": "入荷", "corrected": "訂正", "counted": "棚卸"})
