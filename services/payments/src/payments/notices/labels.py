"""The labels of the states of a notice."""

from typing import Literal

from shared.shop.labels import Badges

NoticeState = Literal["new", "done", "unmatched", "noted", "unknown", "unreadable", "seen"]
NOTICE_STATES = Badges[NoticeState](
    NoticeState,
    {
        "new": ("未処理", "note"),
        "done": ("反映済み", "done"),
        "unmatched": ("該当なし", "stop"),
        "noted": ("記録のみ", "plain"),
        "unknown": ("未対応の種類", "stop"),
        "unreadable": ("読み取り不可", "stop"),
        "seen": ("確認済み", "plain"),
    },
)
