"""The Japanese words for the states of a request."""

REQUEST_STATES = {
    "pending": ("送信待ち", "note"),
    "open": ("処理中", "wait"),
    "unknown": ("結果確認中", "wait"),
    "done": ("完了", "done"),
    "declined": ("拒否", "stop"),
    "dropped": ("不要", "plain"),
}
