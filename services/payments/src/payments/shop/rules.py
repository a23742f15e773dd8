"""The settings of payments that staff change. They are declared only here."""

from payments.payment.labels import POLICIES
from payments.payment.rules.terms import CapturePolicy
from shared.shop.settings.group import Group, setting
from shared.web.fields import AddressLine

NAME_LENGTH_MAX = 60


class CaptureSettings(Group, key="capture"):
    """When the money of an order is captured. An order keeps the setting from the time when it was placed."""

    capture_policy: CapturePolicy = setting(
        "on_shipped",
        label="売上請求の方法",
        hint="変更は、これから入る注文に適用されます。すでにある注文は、注文時の設定のまま処理されます。",
        labels=POLICIES,
    )


class MethodSettings(Group, key="method", about="お支払い方法"):
    """One method, by its kind. Without a name of the shop it has its own name."""

    name: AddressLine = setting("", label="表示名", max_length=NAME_LENGTH_MAX, empty="（初期値）")
    offered: bool = setting(True, label="利用設定", yes="使用する", no="利用しない")
