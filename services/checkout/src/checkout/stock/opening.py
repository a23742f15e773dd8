"""Whether there is anything to buy."""

from shared.database.transactions import Tx
from shared.web.opening import OpeningStep

_CAN_BE_BOUGHT = """
    SELECT EXISTS (SELECT 1 FROM products AS p JOIN stock AS s USING (sku) WHERE p.on_sale AND s.available > 0)
"""


async def opening_steps(tx: Tx) -> list[OpeningStep]:
    """Return whether a product on sale has stock."""
    missing = [] if await tx.value(_CAN_BE_BOUGHT) else ["販売中で在庫のある商品"]
    return [OpeningStep("商品と在庫", missing, "/desk/stock", place=40)]
