"""The options of the settings of points with their texts, and the text for a disabled Amazon login."""

from typing import Literal

from shared.shop.labels import Labels

Activation = Literal["manual", "on_shipped", "on_processed", "immediate"]
# A grant can also wait for the proof of the address, which is no choice of the shop.
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

# The text for the member about pending points (PNT-23, PNT-24).
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

AMAZON_OFF = "Amazonアカウントでのログインは現在ご利用いただけません。メールアドレスとパスワードでログインしてください。"
