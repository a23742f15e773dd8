"""Texts for the values of products."""

from checkout.catalogue.rules import ProductKind, Temperature
from checkout.catalogue.shelf import SortOrder
from shared.shop.labels import Labels

TEMPERATURES = Labels[Temperature](Temperature, {"ambient": "常温", "chilled": "冷蔵", "frozen": "冷凍"})
KINDS = Labels[ProductKind](ProductKind, {"normal": "通常販売", "preorder": "予約販売"})
SORT_ORDERS = Labels[SortOrder](
    SortOrder, {"position": "おすすめ順", "newest": "新着順", "cheap": "価格の安い順", "dear": "価格の高い順"}
)
