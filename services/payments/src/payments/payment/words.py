"""The Japanese words for states, operations and what needs a look. State words never stand for a method."""

from typing import Literal

from payments.payment.rules.answers import Answer, RefundRoute
from payments.payment.rules.journal import Account, Reason
from payments.payment.rules.moves import Operation, State
from payments.payment.rules.terms import CapturePolicy
from shared.events.payments import Call
from shared.shop.labels import Badges, Complete, Labels, names_of, other
from shared.shop.payment_calls import CALL_LABEL

PART = 8
"""Characters of a long id between which a line may break."""

# word, kind of badge
STATES = Badges[State](
    State,
    {
        "placed": ("在庫確保待ち", "plain"),
        "requested": ("照会中", "note"),
        "waiting_for_buyer": ("お客様の操作待ち", "wait"),
        "pending": ("審査中", "wait"),
        "unknown": ("結果確認中", "wait"),
        "waiting": ("入金待ち", "wait"),
        "authorized": ("承認済", "note"),
        "reauthorizing": ("再与信中", "wait"),
        "capturing": ("売上請求中", "wait"),
        "short": ("入金不足", "stop"),
        "captured": ("入金済み", "done"),
        "voiding": ("取消中", "wait"),
        "voided": ("取消済", "plain"),
        "refunding": ("返金中", "wait"),
        "refunded": ("返金済", "plain"),
        "owed": ("要返金", "stop"),
        "declined": ("不成立", "stop"),
        "expired": ("期限切れ", "plain"),
        "unmanaged": ("管理対象外", "plain"),
    },
)
OPERATIONS = Labels[Operation](
    Operation,
    {
        "authorize": "与信",
        "reauthorize": "再与信",
        "issue": "番号発行",
        "capture": "売上請求処理",
        "void": "取消処理",
        "refund": "返金処理",
        "tell_shipped": "発送の報告",
    },
    unknown=lambda word: "照会",
)
ANSWERS = Labels[str](
    names_of(Answer),
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
CAUSES = {
    "order placed": "ご注文を受け付けました",
    "stock reserved": "在庫を確保しました",
    "order cancelled": "ご注文がキャンセルされました",
    "capture asked: shipped": "発送済みになったため、売上を請求します",
    "capture asked: admin": "スタッフが入金処理を指示しました",
    "capture asked: manual_deposit": "スタッフが入金処理を指示しました",
    "deposit recorded": "スタッフが入金を記録しました",
    "hold too old": "売上請求の期限を過ぎたため、与信を取り消します",
    "hold given back to be renewed": "新しい与信を依頼します",
    "reauthorization asked": "再与信を依頼しました",
    "void asked": "スタッフが与信の取消を指示しました",
    "part refund asked": "スタッフが返金を依頼しました",
    "spare refund asked": "スタッフが過入金の返金を依頼しました",
    "settled outside": "別の方法で返金済みとして記録しました",
    "outside taken back": "返金済みの記録を取り消しました",
    "deposit taken back": "入金の記録を取り消しました",
    "more went out than was here": "お預かりより多い返金がありました",
    "other hold": "受注管理ソフトなどによる別の与信がありました",
    "unnamed charges": "決済会社に、この画面で記録していない売上がありました",
    "answer does not fit": "決済会社の回答が、依頼した内容と一致しません",
    "receipt told otherwise": "決済会社の回答が、記録した入金額と一致しません",
    "refund told otherwise": "決済会社の回答が、記録した返金額と一致しません",
    "receipt told no more": "記録した入金が、決済会社の記録になくなりました",
    "refund told no more": "記録した返金が、決済会社の記録になくなりました",
    "written down before": "返金済みと記録した返金を、決済会社でも確認しました",
    "short money accepted": "不足のまま入金済みにしました",
    "marked as seen": "確認済みにしました",
    "said to be of others": "スタッフが、この注文のものではないと記録しました",
    "said to be undone": "スタッフが、依頼は成立していないと記録しました",
    "receipt booked elsewhere": "別の注文に記録済みの入金が、この注文の入金として届きました",
    "receipt moved here": "別の注文に記録していた入金を、この注文に移しました",
    "receipt moved away": "この注文に記録していた入金を、別の注文に移しました",
    "chargeback won": "チャージバックは店舗の主張が認められました",
    "chargeback lost": "チャージバックにより返金されました",
    "chargeback told won": "決済会社から、チャージバックは店舗の主張が認められたと連絡がありました",
    "chargeback told lost": "決済会社から、チャージバックによりお客様に返金したと連絡がありました",
    "chargeback reopened": "チャージバックの結果の記録を取り消しました",
    "kept for the order": "お預かりしている代金で注文を続けることにしました",
    "refund was of others": "依頼した返金と同額の、この画面の外での返金でした",
    "refund asked again": "スタッフが返金を依頼しました",
    "expired with part of the money here": "一部入金のまま期限が切れました",
    "declined with part of the money here": "一部入金のままお支払いが不成立になりました",
    "voided with part of the money here": "一部入金のままお支払いが取り消されました",
}
# Our own reasons; a provider's stand as they came.
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
    "denied": "スタッフが、成立していないことを確認しました",
}
_Attention = (
    Call
    | Literal[
        "short_money_by_hand",
        "short_money_to_hold",
        "short_money_held_anew",
        "short_money_held",
        "wished_refund_failed",
        "answer_mismatch_elsewhere",
        "receipt_reversed_after_refund",
        "chargeback_lost_after_refund",
        "authorization_expired",
    ]
)
UNKNOWN_CALL = "内容を確認してください。"
# word, and what it asks for; amounts of the payment stand in it.
ATTENTION = Complete[_Attention, tuple[str, str]](
    _Attention,
    {
        "short_money": (
            CALL_LABEL["short_money"],
            "入金が{missing}足りません（お預かり {held}）。このお支払い方法では、残額をあとからお支払いいただけません。お客様に"
            "連絡し、不足のまま確定するか、受注詳細で注文をキャンセルしてください。",
        ),
        "short_money_by_hand": (
            CALL_LABEL["short_money"],
            "入金が{missing}足りません（お預かり {held}）。残額の入金を待つか、不足のまま確定するか、"
            "受注詳細で注文をキャンセルしてください。",
        ),
        "short_money_to_hold": (
            CALL_LABEL["short_money"],
            "入金が{missing}足りません（お預かり {held}）。残額を再与信するか、不足のまま確定するか、"
            "受注詳細で注文をキャンセルしてください。",
        ),
        "short_money_held_anew": (
            "一部入金",
            "{held}の入金があり、残りの{missing}を再与信しています。結果をお待ちください。",
        ),
        "short_money_held": (
            "一部入金",
            "{held}の入金があり、残りの{missing}は承認済です。残りを売上請求すると全額の入金になります。",
        ),
        "excess_money": (
            CALL_LABEL["excess_money"],
            "{spare}の過入金です。この画面から返金するか、{console}で返金してください（返金後、自動で反映されます）。",
        ),
        "late_money": (
            CALL_LABEL["late_money"],
            "期限後または取消後に入金がありました。{spare}の返金を確認してください。",
        ),
        "refund_failed": (
            CALL_LABEL["refund_failed"],
            "{refundable}を返金できませんでした。もう一度依頼するか、別の方法で返金して記録してください。",
        ),
        "wished_refund_failed": (
            CALL_LABEL["refund_failed"],
            "依頼した返金{failed}は成立しませんでした（お預かり {held}）。もう一度依頼するか、別の方法で返金して記録してください。"
            "返金しないときは、確認済みにしてください。",
        ),
        "chargeback": (
            CALL_LABEL["chargeback"],
            "チャージバック {disputed} の申し立てがあります。{respond_by}決済会社の管理画面で回答し、結果を記録してください。",
        ),
        "authorization_ended": (
            CALL_LABEL["authorization_ended"],
            "与信がなくなりました。発送前の場合は発送しないでください。再与信するか、別のお支払い方法をご案内してください。",
        ),
        "capture_failed": (CALL_LABEL["capture_failed"], "売上請求処理が成立しませんでした。"),
        "refunded_elsewhere": (
            CALL_LABEL["refunded_elsewhere"],
            "この画面の外で {elsewhere} が返金されました。受注の内容と合っているか確認してください。",
        ),
        "refund_unexplained": (
            CALL_LABEL["refund_unexplained"],
            "入金の記録より{lost}多い返金が{console}にあります。返金の依頼は止めています。明細と照らし合わせ、記録していない入金が"
            "あれば記録してください。",
        ),
        "receipt_reversed": (
            CALL_LABEL["receipt_reversed"],
            "入金（速報）が取り消されました。発送前の場合は発送しないでください。お客様にお支払いの状況を確認してください。",
        ),
        "receipt_reversed_after_refund": (
            "返金後の入金取消",
            "返金した後に、入金（速報）が取り消されました。{lost}がお店の損失になっています。お客様とお支払い場所に確認してください。",
        ),
        "chargeback_lost": (
            CALL_LABEL["chargeback_lost"],
            "チャージバックにより、{charged_back}がお客様に返金されました。発送前の場合は発送しないでください。",
        ),
        "chargeback_lost_after_refund": (
            CALL_LABEL["chargeback_lost"],
            "チャージバックにより、{charged_back}がお客様に返金されました。返金済みの分と合わせて{lost}がお店の損失になっています。",
        ),
        "shipping_untold": (
            CALL_LABEL["shipping_untold"],
            "発送の報告が受け付けられませんでした。決済会社の管理画面で発送を登録し、確認済みにしてください。",
        ),
        "answer_mismatch": (
            CALL_LABEL["answer_mismatch"],
            "決済会社の回答が、依頼した内容と一致しません。回答は記録せず、依頼もくり返していません。確認が済むまで、売上請求、返金、"
            "再与信、与信の取消、期限切れの処理を止めています。発送前の場合は、まだ発送しないでください。{console}で実際の取引を"
            "確認してから、「決済会社に照会する」を押してください。照会しても一致しない場合は、この画面で実際の状況を記録すると、"
            "処理を続けます。",
        ),
        "answer_mismatch_elsewhere": (
            CALL_LABEL["answer_mismatch"],
            "注文{elsewhere_order}に記録済みの入金が、この注文の入金としても決済会社から届いています。{console}で確認し、この注文の"
            "入金であれば「この入金をこの注文に移す」を、そうでなければ「この注文の入金ではない」を押してください。それまで、この注文の"
            "処理を止めています。発送前の場合は、まだ発送しないでください。",
        ),
        "other_hold": (
            CALL_LABEL["other_hold"],
            "受注管理ソフトなど、この画面の外で{other_holds}の与信が行われています。不要な場合は{console}で取り消してください（注文を"
            "キャンセルしたとき、または再与信したときは、自動で取り消します）。",
        ),
        "charge_unknown": (
            CALL_LABEL["charge_unknown"],
            "この注文で記録していない{unnamed}の売上が{console}にあります。取引を確認し、不要な場合は{console}で返金してください。",
        ),
        "no_answer": (CALL_LABEL["no_answer"], "決済会社から結果が返っていません。照会を続けています。"),
        "authorization_expired": (CALL_LABEL["authorization_ended"], "与信の有効期限が切れました。"),
    },
    unknown=lambda word: (other(word), UNKNOWN_CALL),
)
ACCOUNTS = Labels[Account](
    Account,
    {
        "receivable": "未収入金",
        "sales": "売上",
        "suspense": "仮受金",
        "refunds": "売上返金",
        "losses": "損失",
    },
)
REASONS = Labels[Reason](
    Reason,
    {
        "sale": "売上",
        "suspended": "仮受",
        "allocated": "仮受金の充当",
        "refund": "返金",
        "suspense_returned": "仮受金の返金",
        "sale_reversed": "売上の取消（入金の取消）",
        "suspense_reversed": "仮受の取消（入金の取消）",
        "set_aside": "売上から仮受金へ（入金不足）",
        "refund_undone": "返金の取消",
        "suspense_return_undone": "仮受金の返金の取消",
        "over_refunded": "お預かりを超える返金",
        "reversed_after_refund": "返金後の入金の取消",
        "charged_back_after_refund": "お預かりを超えるチャージバック",
        "loss_undone": "チャージバックの損失の取消",
        "loss_is_refund": "損失から返金へ",
        "loss_is_suspense_returned": "損失から仮受金の返金へ",
        "loss_is_sale_reversed": "損失から売上の取消へ",
        "loss_is_suspense_reversed": "損失から仮受の取消へ",
    },
)
POLICIES = Labels[CapturePolicy](
    CapturePolicy,
    {
        "on_shipped": "発送済みにしたとき、自動で売上請求する",
        "by_staff": "「注文を入金済みにする」を押したときに売上請求する（自動連携機能）",
        "in_provider_console": "決済会社の管理画面で売上請求する（自動連携しない）",
    },
)


ROUTES = Labels[RefundRoute](
    RefundRoute, {"bank_transfer": "銀行振込", "gift_card": "ギフトカード", "provider": "決済会社"}
)


def state_label(state: str) -> str:
    """Return the word for a payment's state."""
    return STATES.of(state)[0]


def answer_words(operation: str, answer: str) -> str:
    """Return what was answered to a request, in the words of the desk; "" for nothing yet."""
    if answer == "Waiting" and operation in ("void", "refund"):
        return "手続き中です"
    return ANSWERS.of(answer) if answer else ""


def is_refusal(because: str) -> bool:
    """Tell whether a line of history tells that something which was asked for did not happen."""
    return because.endswith(_REFUSED)


_REFUSED = ("RefundDeclined", "CaptureDeclined", "CaptureRefused", "ShippingRefused")


def cause(because: str) -> str:
    """Return why a payment moved, in the words of the desk; what has no words is shown as it was kept."""
    if because in CAUSES:
        return CAUSES[because]
    operation, _, answer = because.partition(": ")
    if answer not in ANSWERS:
        return because
    return f"{OPERATIONS.of(operation)}：{answer_words(operation, answer)}"


def in_pieces(text: str) -> list[str]:
    """Return a long id in pieces between which a line may break."""
    return [text[start : start + PART] for start in range(0, len(text), PART)]
