"""The names of the deeds in 操作の記録."""

from typing import TYPE_CHECKING, Any, Literal

from members.deeds.rows import DESK_EVENTS, DeedKind
from shared.shop.labels import Badges, members

if TYPE_CHECKING:
    from typing_extensions import TypeForm


def all_kinds() -> "TypeForm[str]":
    """Return the kinds of the deeds at all desks as a ``Literal``."""
    kinds: Any = Literal[(*members(DeedKind), *(event.deed for event in DESK_EVENTS))]
    return kinds


DEEDS_LABEL = Badges[str](
    all_kinds(),
    {
        "logged_in": ("ログイン", "done"),
        "login_failed": ("ログイン失敗", "wait"),
        "locked_out": ("ログインの制限", "stop"),
        "members_exported": ("会員データの出力", "note"),
        "orders_exported": ("受注データの出力", "note"),
        "payments_exported": ("決済データの出力", "note"),
        "payment_looked_up": ("決済会社への照会", "note"),
        "payment_deed_done": ("お支払い・返金の操作", "note"),
        "test_mail_sent": ("テストメールの送信", "note"),
        "mails_resent": ("メールの再送", "note"),
        "mail_address_corrected": ("メールの宛先の訂正", "note"),
        "rules_changed": ("ポイント・会員設定の変更", "note"),
        "catalogue_changed": ("商品の登録・変更", "note"),
        "catalogue_exported": ("商品データの出力", "note"),
        "stock_booked": ("在庫の記録", "note"),
        "stock_exported": ("在庫データの出力", "note"),
        "shop_settings_changed": ("店舗設定の変更", "note"),
        "payment_settings_changed": ("決済設定の変更", "note"),
        "mail_settings_changed": ("メール設定の変更", "note"),
        "coupon_defined": ("クーポンの登録", "note"),
        "coupon_issued": ("クーポンの発行", "note"),
        "points_activated": ("ポイントを有効化", "note"),
        "reset_started": ("パスワード設定のメール送信", "note"),
        "role_given": ("スタッフの権限を付与", "note"),
        "role_changed": ("スタッフの役割を変更", "note"),
        "role_taken": ("スタッフの権限を取り消し", "stop"),
        "staff_invited": ("スタッフを招待", "note"),
        "invitation_ended": ("スタッフの招待を取り消し", "stop"),
        "staff_disabled": ("スタッフの利用を停止", "stop"),
        "staff_enabled": ("スタッフの利用を再開", "done"),
        "order_deed_done": ("受注の操作", "note"),
        "second_factor_set": ("2段階認証を設定", "done"),
        "second_factor_removed": ("2段階認証を解除", "stop"),
        "recovery_codes_made": ("回復コードを発行", "note"),
        "recovery_code_used": ("回復コードでログイン", "wait"),
        "second_step_failed": ("2段階認証の失敗", "wait"),
        "searches_changed": ("保存した検索の変更", "note"),
        "deeds_exported": ("操作の記録の出力", "note"),
        "sessions_ended": ("スタッフのログインを終了", "stop"),
    },
)
