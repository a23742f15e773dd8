"""The labels of the objects of Amazon's notices."""

from typing import Literal

from shared.shop.labels import Labels

_ObjectType = Literal["CHARGE_PERMISSION", "CHARGE", "REFUND", "CHARGEBACK"]
KIND_LABEL = Labels[_ObjectType](
    _ObjectType,
    {
        "CHARGE_PERMISSION": "お支払いの承認",
        "CHARGE": "与信・売上",
        "REFUND": "返金",
        "CHARGEBACK": "チャージバック",
    },
    unknown=lambda word: f"不明な種類（{word}）",
)
