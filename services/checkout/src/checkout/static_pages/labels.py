"""The pages that staff write, with their titles."""

from typing import Literal

from shared.shop.labels import Labels

PageKey = Literal["privacy", "terms", "returns", "contact"]
"""The pages, by the last part of their address."""
TITLES = Labels[PageKey](
    PageKey,
    {
        "privacy": "プライバシーポリシー",
        "terms": "利用規約",
        "returns": "返品条件",
        "contact": "お問い合わせ",
    },
)
