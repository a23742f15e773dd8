"""The Japanese words for states, operations and what needs a look. State words never stand for a method."""

from collections.abc import Mapping

from payments.domain.moves import State

# word, kind of badge
STATES: Mapping[State, tuple[str, str]] = {
    "placed": ("在庫確保待ち", "plain"),
    "requested": ("照会中", "note"),
    "waiting_for_buyer": ("お客様の操作待ち", "wait"),
    "pending": ("審査中", "wait"),
    "unknown": ("結果確認中", "wait"),
    "waiting": ("入金待ち", "wait"),
    "authorized": ("承認済", "note"),
    "capturing": ("売上請求中", "wait"),
    "captured": ("入金済み", "done"),
    "voiding": ("取消中", "wait"),
    "voided": ("取消済", "plain"),
    "refunding": ("返金中", "wait"),
    "refunded": ("返金済", "plain"),
    "owed": ("要返金", "stop"),
    "declined": ("不成立", "stop"),
    "expired": ("期限切れ", "plain"),
    "unmanaged": ("管理対象外", "plain"),
}
OPERATIONS = {
    "authorize": "与信",
    "issue": "番号発行",
    "capture": "売上請求処理",
    "void": "取消処理",
    "refund": "返金処理",
}
ANSWERS = {
    "Authorized": "承認されました",
    "NeedsBuyer": "お客様の手続きを待っています",
    "Waiting": "審査中です",
    "Issued": "お支払い先が決まりました",
    "Captured": "入金を確認しました",
    "CaptureDeclined": "売上を請求できませんでした",
    "CaptureRefused": "売上請求は受け付けられませんでした",
    "Voided": "取り消されました",
    "Refunded": "返金されました",
    "RefundWaiting": "返金を受け付けました",
    "RefundDeclined": "返金できませんでした",
    "Declined": "成立しませんでした",
    "Expired": "期限が切れました",
    "Unknown": "回答がまだありません",
}
CAUSES = {
    "order placed": "ご注文を受け付けました",
    "stock reserved": "在庫を確保しました",
    "order cancelled": "ご注文がキャンセルされました",
    "capture asked: shipped": "発送済みになったため、売上を請求します",
    "capture asked: staff": "スタッフが入金処理を指示しました",
    "refund asked again": "スタッフが返金をもう一度依頼しました",
    "expired with part of the money here": "一部入金のまま期限が切れました",
    "declined with part of the money here": "一部入金のままお支払いが不成立になりました",
    "voided with part of the money here": "一部入金のままお支払いが取り消されました",
}
REQUEST_STATES = {
    "pending": ("送信待ち", "note"),
    "open": ("処理中", "wait"),
    "unknown": ("結果確認中", "wait"),
    "done": ("完了", "done"),
    "declined": ("拒否", "stop"),
    "dropped": ("不要", "plain"),
}
NOTICE_STATES = {
    "new": ("未処理", "note"),
    "done": ("反映済み", "done"),
    "unmatched": ("該当なし", "stop"),
    "noted": ("記録のみ", "plain"),
}
ATTENTION = {
    "no_answer": "決済会社から結果が返っていません。問い合わせを続けています。",
    "short_money": "入金額が足りません。差額の入金を待つか、注文を取り消してください。",
    "excess_money": "入金額が多すぎます。差額の返金が必要です。",
    "late_money": "期限後または取消後に入金がありました。返金を確認してください。",
    "capture_failed": "売上請求処理が成立しませんでした。",
    "authorization_expired": "与信の有効期限が切れました。",
    "refund_failed": "返金できませんでした。もう一度依頼するか、別の方法で返金してください。",
}
ACCOUNTS = {"receivable": "未収入金", "sales": "売上", "suspense": "仮受金", "refunds": "売上返金"}
REASONS = {
    "sale": "売上",
    "suspended": "仮受",
    "allocated": "仮受金の充当",
    "refund": "返金",
    "suspense_returned": "仮受金の返金",
}
POLICIES: Mapping[str, str] = {
    "on_shipped": "発送済みにしたとき、自動で売上請求する",
    "by_staff": "「注文を入金済みにする」を押したときに売上請求する（自動連携機能）",
    "in_provider_console": "決済会社の管理画面で売上請求する（自動連携しない）",
}


def state_label(state: State) -> str:
    """Return the word for a payment's state."""
    return STATES[state][0]


def cause(because: str) -> str:
    """Return why a payment moved, in the words of the desk; what has no words is shown as it was kept."""
    if because in CAUSES:
        return CAUSES[because]
    operation, _, answer = because.partition(": ")
    if answer not in ANSWERS:
        return because
    return f"{OPERATIONS.get(operation, '照会')}：{ANSWERS[answer]}"
