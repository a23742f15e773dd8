"""Texts for the states of listings at the desk."""

from checkout.product_desk.rows import ListingState
from shared.shop.labels import Badges

STATES = Badges[ListingState](
    ListingState,
    {
        "shown": ("販売中", "done"),
        "out": ("在庫なし", "stop"),
        "hidden": ("非公開", "plain"),
        "before": ("販売開始前", "wait"),
        "after": ("販売終了", "plain"),
    },
)
