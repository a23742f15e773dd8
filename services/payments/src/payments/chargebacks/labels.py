"""The labels of chargebacks."""

from typing import Literal

from shared.shop.labels import Labels

End = Literal["won", "lost"]
ENDS = Labels[End](End, {"won": "勝訴", "lost": "敗訴"})
