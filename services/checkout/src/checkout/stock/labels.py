"""Texts for the reasons of stock changes."""

from checkout.stock.shelves import StockReason
from shared.shop.labels import Badges

REASONS = Badges[StockReason](
    StockReason,
    {
        "initial": ("期首在庫", "note"),
        "received": ("入荷", "done"),
        "reserved": ("引当済み", "wait"),
        "released": ("引当解除", "note"),
        "shipped": ("発送", "plain"),
        "corrected": ("訂正", "stop"),
        "counted": ("棚卸", "note"),
    },
)
