"""The texts for a buyer who returns from a provider without a payment."""

from payments.methods.method import VisitOutcome
from shared.shop.labels import Labels

NOT_PAID = Labels[VisitOutcome](
    VisitOutcome,
    {
        "success": "",
        "cancel": "お支払いの手続きは完了していません。この画面からもう一度お手続きいただけます。",
        "failure": "お支払いを確認できませんでした。もう一度お手続きいただくか、別のお支払い方法をお選びください。",
    },
)
