"""The labels of a provider's answers, and of Noren's own reasons against an answer or a request."""

from payments.payment.rules.answers import Answer, stored_name
from shared.shop.labels import Labels, names_of

ANSWERS = Labels[str](
    names_of(Answer, stored_name),
    {
        "Authorized": "承認されました",
        "NeedsBuyer": "お客様の手続きを待っています",
        "Waiting": "審査中です",
        "Issued": "お支払い先が決まりました",
        "Captured": "入金を確認しました",
        "Reversed": "入金（速報）が取り消されました",
        "CaptureDeclined": "売上を請求できませんでした",
        "CaptureRefused": "売上請求は受け付けられませんでした",
        "Voided": "取り消されました",
        "OtherHold": "別の与信を確認しました",
        "UnnamedCharges": "記録していない売上を確認しました",
        "Refunded": "返金されました",
        "RefundedInAll": "返金を確認しました",
        "ToldNoMore": "記録した入金または返金が、決済会社の記録にありません",
        "Chargeback": "チャージバックの申し立てがありました",
        "RefundWaiting": "返金を受け付けました",
        "RefundDeclined": "返金できませんでした",
        "Declined": "成立しませんでした",
        "ShippingNoted": "発送を報告しました",
        "ShippingRefused": "発送の報告が受け付けられませんでした",
        "Expired": "期限が切れました",
        "Unknown": "回答がまだありません",
    },
)
# Noren's own reasons. A provider's reasons are shown as they came.
REFUSALS = {
    "amount_differs": "金額が依頼と異なります",
    "currency_differs": "日本円ではありません",
    "other_reference": "別の取引の番号です",
    "deadline_passed": "支払期限を過ぎています",
    "amount_impossible": "金額が正しくありません",
    "moment_impossible": "日時が正しくありません",
    "text_too_long": "番号や文字が長すぎます",
    "unreadable_answer": "読み取れない文字があります",
    "cannot_be_written_down": "記録できない回答です",
    "not_found": "決済会社が、発行済みの取引を見つけられません",
    "refused_and_gone": "返金を断られましたが、返金された記録があります",
    "amount_changed": "返金額が変わったため、依頼し直します",
    "nothing_left": "お預かりしている金額が残っていません",
    "heard_by_a_look": "照会で確認しました",
    "booked_elsewhere": "別の注文に記録済みの入金です",
    "names_disowned": "この注文のものではないと記録した取引についての回答です",
    "reported_otherwise": "照会の結果が記録と一致しないため、返金を依頼していません",
    "refused_and_reported_again": "返金を断られましたが、この注文のものではないと記録した返金があります",
    "still_held": "与信が取り消されていません",
    "denied": "スタッフが、成立していないことを確認しました",
}


def answer_label(operation: str, answer: str) -> str:
    """Return the label of the answer to a request; "" if there is none yet."""
    if answer == "Waiting" and operation in ("void", "refund"):
        return "手続き中です"
    return ANSWERS.of(answer) if answer else ""
