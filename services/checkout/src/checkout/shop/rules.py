"""The settings of the shop that staff change. They are declared only here."""

from checkout.pricing.settings import PriceSettings
from checkout.shop.labels import CLOSINGS, Closing
from shared.shop.settings.group import setting


class ShopSettings(PriceSettings, key="shop"):
    """Every setting of the storefront with its default."""

    registration_box_unticked: bool = setting(
        False,
        section="ご注文手続き",
        label="非選択状態で初期表示する",
        hint="「ご注文手続き」画面の会員登録チェックを、最初は外しておきます。",
        listed="会員登録チェックを非選択状態で表示する",
    )
    closing: Closing = setting(
        "by_itself",
        section="受注処理",
        label="発送と入金が完了した注文",
        hint="変更は、これから完了する注文に適用されます。すでに完了している注文はそのままです。処理済み時に有効になるポイントは、処理済みにするまで有効になりません。",
        labels=CLOSINGS,
    )
