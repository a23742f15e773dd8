"""The rules of points and Amazon login as one sentence."""

from members.shop_rules.labels import ACTIVATION_LABEL
from members.shop_rules.rules import Rules


def summary(rules: Rules) -> str:
    """Return ``rules`` as text for the head of their page."""
    if not rules.points_enabled:
        points = "ポイントを利用しない"
    else:
        points = (
            f"購入 {rules.purchase_percent.normalize():f}％（{ACTIVATION_LABEL[rules.purchase_activation]}）、"
            f"会員登録 {rules.registration_points:,}ポイント（{ACTIVATION_LABEL[rules.registration_activation]}）、"
            f"有効期間 {f'{rules.valid_days:,}日' if rules.valid_days else 'なし'}"
        )
    return f"{points}、Amazonログイン {'あり' if rules.amazon_login else 'なし'}"
