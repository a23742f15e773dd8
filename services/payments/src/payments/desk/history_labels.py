"""The labels of the reasons why a payment moved. A deed has the labels of its own lines (``deeds.py``)."""

from payments.desk.answer_labels import ANSWERS, answer_label
from payments.desk.deeds import DEEDS
from payments.payment.labels import OPERATIONS

_CAUSES = {
    "order placed": "ご注文を受け付けました",
    "stock reserved": "在庫を確保しました",
    "order cancelled": "ご注文がキャンセルされました",
    "capture asked: shipped": "発送済みになったため、売上を請求します",
    "capture asked: admin": "スタッフが入金処理を指示しました",
    "capture asked: manual_deposit": "スタッフが入金処理を指示しました",
    "hold too old": "売上請求の期限を過ぎたため、与信を取り消します",
    "hold given back to be renewed": "新しい与信を依頼します",
    "more went out than was here": "お預かりより多い返金がありました",
    "other hold": "受注管理ソフトなどによる別の与信がありました",
    "unnamed charges": "決済会社に、この画面で記録していない売上がありました",
    "answer does not fit": "決済会社の回答が、依頼した内容と一致しません",
    "receipt told otherwise": "決済会社の回答が、記録した入金額と一致しません",
    "refund told otherwise": "決済会社の回答が、記録した返金額と一致しません",
    "deadline told otherwise": "決済会社の示すお支払い期限が、お客様にお知らせした期限と異なります",
    "receipt told no more": "記録した入金が、決済会社の記録になくなりました",
    "refund told no more": "記録した返金が、決済会社の記録になくなりました",
    "receipt booked elsewhere": "別の注文に記録済みの入金が、この注文の入金として届きました",
    "receipt told again": "この注文のものではないと記録した入金が、決済会社からもう一度届きました",
    "refund told again": "この注文のものではないと記録した返金が、決済会社からもう一度届きました",
    "hold told again": "この注文のものではないと記録した与信が、決済会社からもう一度届きました",
    "receipt moved away": "この注文に記録していた入金を、別の注文に移しました",
    "written down before": "返金済みと記録した返金を、決済会社でも確認しました",
    "chargeback told won": "決済会社から、チャージバックは店舗の主張が認められたと連絡がありました",
    "chargeback told lost": "決済会社から、チャージバックによりお客様に返金したと連絡がありました",
    # Earlier releases stored this reason of 「依頼は成立していない」.
    "said to be undone": "スタッフが、依頼は成立していないと記録しました",
    "refund was of others": "依頼した返金と同額の、この画面の外での返金でした",
    "expired with part of the money here": "一部入金のまま期限が切れました",
    "declined with part of the money here": "一部入金のままお支払いが不成立になりました",
    "voided with part of the money here": "一部入金のままお支払いが取り消されました",
}
CAUSES = _CAUSES | {because: words for deed in DEEDS.values() for because, words in deed.history.items()}


def is_refusal(because: str) -> bool:
    """Return whether a line of history records that a request was refused."""
    return because.endswith(_REFUSED)


_REFUSED = ("RefundDeclined", "CaptureDeclined", "CaptureRefused", "ShippingRefused")


def cause(because: str) -> str:
    """Return the label of the reason why a payment moved, or the stored text if it has no label."""
    if because in CAUSES:
        return CAUSES[because]
    operation, _, answer = because.partition(": ")
    if answer not in ANSWERS:
        return because
    return f"{OPERATIONS.of(operation)}：{answer_label(operation, answer)}"
