"""What the law on distance selling requires besides the facts that Noren knows (特定商取引法 11条): settings of the shop."""

from checkout.shop.identity import IdentitySettings
from shared.shop.settings.group import Group, setting
from shared.web.fields import Line, Text

TEXT_MAX = 1_000


class LawSettings(Group, key="law"):
    """The texts of 特定商取引法に基づく表記. A live shop does not open its cart while a required one is empty (SHO-02)."""

    delivery_time: Line = setting(
        "",
        section="お届け",
        label="引渡時期",
        hint="商品ページとご注文画面にも表示します。例：ご注文（前払いの場合はご入金）の確認後、2〜3日で発送します。",
        max_length=200,
        empty="未設定",
    )
    returns: Text = setting(
        "",
        section="返品・キャンセル",
        label="返品・交換",
        hint="返品できる期間と条件、送料の負担。返品を受け付けない場合もその旨を書きます。",
        shown="long_text",
        max_length=TEXT_MAX,
        empty="未設定",
    )
    cancellation: Text = setting(
        "",
        label="キャンセル",
        hint="いつまで、どのように申し出ればよいか。最終確認画面にも表示します。",
        shown="long_text",
        max_length=TEXT_MAX,
        empty="未設定",
    )
    extra_fees: Text = setting(
        "",
        section="費用と条件",
        label="商品代金以外の必要料金",
        hint="送料と、お支払い方法ごとの手数料は自動で表示します。そのほかの料金（振込手数料など）を書きます。ない場合は「ありません」と書きます。",
        shown="long_text",
        max_length=TEXT_MAX,
        empty="未設定",
    )
    conditions: Text = setting(
        "",
        label="動作環境・販売条件",
        hint="数量の制限、年齢の制限、動作環境など。ない場合は「ありません」と書きます。",
        shown="long_text",
        max_length=TEXT_MAX,
        empty="未設定",
    )
    offer_period: Line = setting(
        "",
        label="申込みの期間",
        hint="申込みを受け付ける期間に限りがある場合だけ書きます。最終確認画面にも表示します。",
        max_length=200,
        empty="期限なし",
    )


REQUIRED_OF_LAW = ("delivery_time", "returns", "cancellation", "extra_fees", "conditions")
REQUIRED_OF_IDENTITY = ("name", "seller", "responsible", "postal_code", "address", "phone")


def missing_labels(group: Group) -> list[str]:
    """Return the labels of the required settings that are empty."""
    required = REQUIRED_OF_IDENTITY if isinstance(group, IdentitySettings) else REQUIRED_OF_LAW
    return [group.shown[name].label for name in required if not getattr(group, name)]
