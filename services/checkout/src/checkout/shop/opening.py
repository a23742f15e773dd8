"""What the shop must say of itself before it opens."""

from checkout.shop.front import read_front
from checkout.shop.law import missing_labels
from shared.database.transactions import Tx
from shared.web.opening import OpeningStep


async def opening_steps(tx: Tx) -> list[OpeningStep]:
    """Return what 店舗情報 and 特定商取引法に基づく表記 lack (SHO-02)."""
    front = await read_front(tx)
    return [
        OpeningStep("店舗情報", missing_labels(front.identity), "/desk/shop", place=10),
        OpeningStep("特定商取引法に基づく表記", missing_labels(front.law), "/desk/shop/law", place=20),
    ]
