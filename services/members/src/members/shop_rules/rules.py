"""What staff decide about points and Amazon login, and what an order earns by it (PNT-05, PNT-06, MEM-08)."""

from decimal import ROUND_FLOOR, Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.labels import Labels
from shared.web.fields import Pieces

Activation = Literal["manual", "on_shipped", "on_processed", "immediate"]
# What a grant itself may wait for; that an address is proved is no choice of the shop.
GrantActivation = Literal["manual", "on_shipped", "on_processed", "immediate", "on_verified"]

ACTIVATION_LABEL = Labels[Activation](
    Activation,
    {
        "manual": "管理者が、管理画面から有効",
        "on_shipped": "発送済み時に有効",
        "on_processed": "処理済み時に有効",
        "immediate": "付与時に有効",
    },
)

# What the member reads beside points that wait (PNT-23, PNT-24).
WAITING_FOR = Labels[GrantActivation](
    GrantActivation,
    {
        "manual": "店舗の確認後に有効になります",
        "on_shipped": "商品の発送後に有効になります",
        "on_processed": "ご注文の処理完了後に有効になります",
        "immediate": "付与と同時に有効になります",
        "on_verified": "メールアドレスの確認後に有効になります",
    },
)

Percent = Annotated[Decimal, Field(ge=0, le=100, max_digits=5, decimal_places=2)]


class Rules(BaseModel):
    """The rules in force. Every change is a new version; a grant keeps the mode it was made with (PNT-06)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    points_enabled: bool = Field(True, title="ポイントを利用する")
    purchase_percent: Percent = Field(Decimal(1), title="購入ポイントの付与率（％）")
    purchase_activation: Activation = Field("on_shipped", title="購入ポイントが有効になる時")
    registration_points: Pieces = Field(500, ge=0, le=100_000, title="会員登録ポイント")
    registration_activation: Literal["immediate", "manual"] = Field(
        "immediate", title="会員登録ポイントが有効になる時"
    )
    valid_days: Pieces | None = Field(None, ge=1, le=3650, title="有効になってからの有効期間（日）")
    amazon_login: bool = Field(True, title="Amazonアカウントでのログインを受け付ける")

    def registration_grant(self) -> int:
        """Return the points that a new member gets; 0 where points are off (PNT-01, PNT-05)."""
        return self.registration_points if self.points_enabled else 0

    def registration_points_usable_at_once(self) -> int:
        """Return how many points the registering order itself may spend (PNT-02, PNT-03, X-01)."""
        return self.registration_grant() if self.registration_activation == "immediate" else 0

    def purchase_points(self, *, items: int, point_discount: int, coupon_discount: int) -> int:
        """Return the points an order earns: the rate on the paid price of the goods, rounded down (PNT-04).

        Amounts in yen. The paid price of the goods is ``items`` less points and coupons; shipping and fees
        earn nothing, because the shop passes them on.
        """
        if not self.points_enabled:
            return 0
        paid = max(0, items - point_discount - coupon_discount)
        return int((paid * self.purchase_percent / 100).to_integral_value(ROUND_FLOOR))
