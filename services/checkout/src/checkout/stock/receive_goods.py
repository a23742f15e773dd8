"""Books a receipt of goods, with the person who booked it and a note."""

from datetime import datetime
from typing import Literal

from checkout.stock.shelves import receive_stock
from shared.database.transactions import Tx
from shared.errors import Refused

STOCK_MAX = 9_999_999
Cause = Literal["仕入", "返品からの戻し", "棚卸による追加"]


async def receive_goods(
    tx: Tx, *, sku: str, pieces: int, cause: Cause, memo: str, key: str, by: str, at: datetime
) -> int:
    """Add ``pieces`` of a product to its stock. Return the pieces for sale after it.

    The same ``key`` books once, however often the form is submitted. Raises Refused (404) for an unknown product, and
    Refused at ``pieces`` for a number above the maximum. Raises Refused(recorded_already) for a ``key`` that booked
    another receipt.
    """
    note = f"{cause}：{memo}" if memo else cause
    available = await receive_stock(tx, sku, pieces, reference=f"received-{key}", note=note, by=by, at=at)
    if available is None:
        raise Refused("product_unknown", f"商品 {sku} はありません。", status=404)
    if available > STOCK_MAX:
        message = f"在庫は{STOCK_MAX:,}個までです。入荷数を確認してください"
        raise Refused("stock_too_large", message, field="pieces", status=422)
    return available
