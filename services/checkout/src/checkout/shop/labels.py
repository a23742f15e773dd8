"""The options of the shop's settings, with their texts."""

from typing import Literal

from shared.shop.labels import Labels

Closing = Literal["by_itself", "by_staff"]
"""Who sets 処理済み once shipping and deposit are complete (ORD-13)."""
CLOSINGS = Labels[Closing](
    Closing,
    {
        "by_itself": "自動で「処理済み」にする",
        "by_staff": "スタッフが「処理済み」にするまで「通常処理」のままにする",
    },
)
