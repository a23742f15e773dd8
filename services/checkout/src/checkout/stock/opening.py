"""Whether there is anything to buy."""

from shared.clock import now
from shared.database.transactions import Tx
from shared.web.opening import OpeningStep

_CAN_BE_BOUGHT = """
    SELECT EXISTS (SELECT 1 FROM products AS p JOIN stock AS s USING (sku)
        WHERE s.available > 0 AND p.on_sale AND (p.sale_from IS NULL OR p.sale_from <= :at)
          AND (p.sale_until IS NULL OR p.sale_until > :at)
    )
"""


async def opening_steps(tx: Tx) -> list[OpeningStep]:
    """Return whether a product that is sold now has stock. A shop without products is led to the form for one."""
    missing = [] if await tx.value(_CAN_BE_BOUGHT, at=now()) else ["販売中で在庫のある商品"]
    has_products = await tx.value("SELECT EXISTS (SELECT 1 FROM products)")
    path = "/desk/stock" if has_products else "/desk/products/new"
    return [OpeningStep("商品と在庫", missing, path, place=40)]
