"""The labels of the collecting company's notices."""

from typing import Literal

from shared.shop.labels import Labels

NoticeKind = Literal["paid", "reversed"]
KINDS = Labels[NoticeKind](
    NoticeKind,
    {"paid": "入金", "reversed": "入金の取消（速報取消）"},
    unknown=lambda word: f"不明な通知（{word}）",
)
"""The kinds of notices that the method knows."""
