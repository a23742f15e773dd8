"""Texts about refunds for buyers: the same words on every page of every service."""

from typing import Literal

from shared.shop.labels import Labels

MoneyBack = Literal["nothing_came", "on_its_way", "waiting", "owed", "given_back"]
"""What happened to the buyer's money of an ended order.

``owed`` means that a refund failed and staff must request it again.
"""

MONEY_BACK = Labels[MoneyBack](
    MoneyBack,
    {
        "nothing_came": "",
        "on_its_way": "お支払い済みの金額は返金いたします。",
        "owed": "お支払い済みの金額は返金いたします。",
        "waiting": "お支払いについて確認が必要なため、ご返金は確認が終わってからのご案内となります。",
        "given_back": "お支払いは返金済みです。",
    },
)
"""The sentence for each value; empty if there is nothing to refund."""
