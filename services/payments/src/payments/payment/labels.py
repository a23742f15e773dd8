"""The labels of states, operations, policies and ways of a refund. The label of a state never names a method."""

from payments.payment.rules.answers import RefundRoute
from payments.payment.rules.moves import Operation, State
from payments.payment.rules.terms import CapturePolicy
from shared.shop.labels import Badges, Labels

PART = 8
"""The characters of a long id between which a line may break."""

# label, kind of badge
STATES = Badges[State](
    State,
    {
        "placed": ("在庫確保待ち", "plain"),
        "requested": ("照会中", "note"),
        "waiting_for_buyer": ("お客様の操作待ち", "wait"),
        "pending": ("審査中", "wait"),
        "unknown": ("結果確認中", "wait"),
        "waiting": ("入金待ち", "wait"),
        "authorized": ("承認済", "note"),
        "reauthorizing": ("再与信中", "wait"),
        "capturing": ("売上請求中", "wait"),
        "short": ("入金不足", "stop"),
        "captured": ("入金済み", "done"),
        "voiding": ("取消中", "wait"),
        "voided": ("取消済", "plain"),
        "refunding": ("返金中", "wait"),
        "refunded": ("返金済", "plain"),
        "owed": ("要返金", "stop"),
        "declined": ("不成立", "stop"),
        "expired": ("期限切れ", "plain"),
        "unmanaged": ("管理対象外", "plain"),
    },
)
KINDS = {"receipt": "入金", "refund": "返金", "hold": "与信"}
"""The kinds of objects of a provider that staff may disown."""
OPERATIONS = Labels[Operation](
    Operation,
    {
        "authorize": "与信",
        "reauthorize": "再与信",
        "issue": "番号発行",
        "capture": "売上請求処理",
        "void": "取消処理",
        "refund": "返金処理",
        "tell_shipped": "発送の報告",
    },
    unknown=lambda word: "照会",
)
POLICIES = Labels[CapturePolicy](
    CapturePolicy,
    {
        "on_shipped": "発送済みにしたとき、自動で売上請求する",
        "by_staff": "「注文を入金済みにする」を押したときに売上請求する（自動連携機能）",
        "in_provider_console": "決済会社の管理画面で売上請求する（自動連携しない）",
    },
)


ROUTES = Labels[RefundRoute](
    RefundRoute, {"bank_transfer": "銀行振込", "gift_card": "ギフトカード", "provider": "決済会社"}
)


def state_label(state: str) -> str:
    """Return the label of a payment's state."""
    return STATES.of(state)[0]


def in_pieces(text: str) -> list[str]:
    """Return a long id in pieces between which a line may break."""
    return [text[start : start + PART] for start in range(0, len(text), PART)]


COUNTED_AGAIN_EFFECTS = {
    "receipt": "{amount}を、この注文の入金として記録し直します。お金は動きません。",
    "refund": "{amount}を、この注文の返金として記録し直します。お金は動きません。まだお知らせしていない返金は、お客様にメールでお知らせします。",
    "hold": "この与信を、この注文の与信として数え直します。決済会社に照会し、その回答のとおりに記録します。",
}
"""What counting an object again books, by its kind. ``{amount}`` has the yen as text."""
