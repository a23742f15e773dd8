"""The labels of the states of a request."""

from typing import Literal

from shared.shop.labels import Badges

RequestState = Literal["pending", "open", "unknown", "done", "declined", "dropped"]
REQUEST_STATES = Badges[RequestState](
    RequestState,
    {
        "pending": ("送信待ち", "note"),
        "open": ("処理中", "wait"),
        "unknown": ("結果確認中", "wait"),
        "done": ("完了", "done"),
        "declined": ("拒否", "stop"),
        "dropped": ("不要", "plain"),
    },
)
