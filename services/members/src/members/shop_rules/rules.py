"""The rules of points and Amazon login, and the points that an order earns by them (PNT-05, PNT-06, MEM-08)."""

from decimal import ROUND_FLOOR, Decimal
from typing import Literal

from members.shop_rules.labels import ACTIVATION_LABEL, Activation
from shared.shop.settings.group import Group, setting
from shared.web.fields import Percent, Pieces


class Rules(Group, key="rules"):
    """The rules in force. An order uses those that were in force when it was placed.

    A grant keeps the mode with which it was made (PNT-06).
    """

    points_enabled: bool = setting(True, section="ポイント基本設定", label="ポイントを利用する")
    purchase_percent: Percent = setting(
        Decimal(1),
        label="購入ポイントの付与率",
        unit="％",
        hint="商品代金から値引きとご利用ポイントを除いた金額に掛け、端数は切り捨てます。送料と手数料は含みません。",
    )
    purchase_activation: Activation = setting(
        "on_shipped",
        label="購入ポイントが有効になる時",
        shown="menu",
        labels=ACTIVATION_LABEL,
        hint="変更後のご注文から適用され、付与済みのポイントは変わりません。",
    )
    registration_points: Pieces = setting(500, ge=0, le=100_000, label="会員登録ポイント", unit="ポイント")
    registration_activation: Literal["immediate", "manual"] = setting(
        "immediate",
        label="会員登録ポイントが有効になる時",
        shown="menu",
        labels={mode: ACTIVATION_LABEL[mode] for mode in ("immediate", "manual")},
        hint="付与時に有効にすると、登録と同時のご注文でもご利用いただけます。",
    )
    valid_days: Pieces | None = setting(
        None,
        ge=1,
        le=3650,
        label="有効になってからの有効期間",
        unit="日",
        hint="空欄にすると期限はありません。",
    )
    amazon_login: bool = setting(
        True,
        section="Amazonログイン",
        label="Amazonアカウントでのログインを受け付ける",
        hint="受け付けない場合、会員はメールアドレスとパスワードでログインします。",
    )

    def registration_grant(self) -> int:
        """Return the points that a new member gets. Return 0 if points are off (PNT-01, PNT-05)."""
        return self.registration_points if self.points_enabled else 0

    def registration_points_usable_at_once(self) -> int:
        """Return how many points the registering order itself may spend (PNT-02, PNT-03, X-01)."""
        return self.registration_grant() if self.registration_activation == "immediate" else 0

    def purchase_points(self, *, items: int, point_discount: int, coupon_discount: int) -> int:
        """Return the points that an order earns: the rate on the paid price of the goods, rounded down (PNT-04).

        Amounts are in yen. The paid price of the goods is ``items`` less points and coupons. Shipping and fees earn
        nothing, because the shop passes them on.
        """
        if not self.points_enabled:
            return 0
        paid = max(0, items - point_discount - coupon_discount)
        return int((paid * self.purchase_percent / 100).to_integral_value(ROUND_FLOOR))
