"""The labels of calls: what a person must look at and do, with the amounts of the payment."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from payments.calls import rules as call_rules
from payments.payment.labels import KINDS
from payments.payment.rules import order_wishes
from payments.payment.rules.contradictions.count_again import may_be_counted_again
from payments.payment.rules.details import KnownChargeback
from payments.payment.rules.payment import MISMATCH, Payment
from payments.payment.rules.terms import Terms
from shared.clock import in_japan
from shared.events.payments import Call
from shared.shop.labels import Complete, other
from shared.shop.payment_calls import CALL_LABEL
from shared.web.filters import yen

_Attention = (
    Call
    | Literal[
        "short_money_by_hand",
        "short_money_to_hold",
        "short_money_held_anew",
        "short_money_held",
        "wished_refund_failed",
        "answer_mismatch_elsewhere",
        "answer_mismatch_deadline",
        "answer_mismatch_reported_again",
        "receipt_reversed_after_refund",
        "receipt_found_its_order",
        "chargeback_lost_after_refund",
        "authorization_expired",
    ]
)
UNKNOWN_CALL = "内容を確認してください。"
# title, and what to do; it contains amounts of the payment
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
        "receipt_nowhere": (
            CALL_LABEL["receipt_nowhere"],
            "この注文のものではないと記録した入金が、どの注文にも記録されていません。{console}でどの注文の入金かを確認し、その注文に"
            "記録してください。{again}対応が済んだら、確認済みにしてください。",
        ),
        "receipt_found_its_order": (
            CALL_LABEL["receipt_nowhere"],
            "この注文のものではないと記録した入金は、いま{homes}に記録されています。確認済みにしてください。",
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
            "確認してから、「決済会社に照会する」を押してください。照会しても一致しない場合は、{way_out}",
        ),
        "answer_mismatch_elsewhere": (
            CALL_LABEL["answer_mismatch"],
            "{elsewhere_receipts}が、この注文の入金としても決済会社から届いています。{console}で確認し、この注文の"
            "入金であれば「この入金をこの注文に移す」を、そうでなければ「この注文の入金ではない」を押してください。それまで、この注文の"
            "処理を止めています。発送前の場合は、まだ発送しないでください。",
        ),
        "answer_mismatch_deadline": (
            CALL_LABEL["answer_mismatch"],
            "決済会社の示すお支払い期限（{told_due}）が、お客様にお知らせした期限（{due}）と異なります。期限切れの処理を止めています。"
            "{console}で確認し、お知らせした期限までにお支払いいただけないときは、お客様に連絡するか、受注詳細で注文をキャンセルして"
            "ください。お知らせした期限のまま続けるときは、確認済みにしてください。",
        ),
        "answer_mismatch_reported_again": (
            CALL_LABEL["answer_mismatch"],
            "この注文のものではないと記録した{reported_again}を、決済会社がこの注文のものとして示しています。確認が済むまで、この注文の"
            "処理を止めています。発送前の場合は、まだ発送しないでください。{console}で確認し、この注文のものであれば「この注文の"
            "{told_as}として数え直す」を、やはりこの注文のものでなければ「確認済みにする」を押してください。",
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


def calls(
    payment: Payment, terms: Terms, booked_now: Mapping[str, str] = MappingProxyType({})
) -> list[tuple[str, str]]:
    """Return title and text of all calls of this payment, with its amounts.

    ``booked_now`` has the order that has a receipt in its books now, by the provider's ids; "" for none.
    """
    again = {ref: one for ref, one in may_be_counted_again(payment).items() if not booked_now.get(ref)}
    homes = [
        booked_now.get(ref, "")
        for ref, one in payment.disowned.items()
        if one.kind == "receipt" and not one.booked_on
    ]
    by = payment.respond_by
    words = {
        "missing": yen(payment.missing_amount),
        "held": yen(payment.held_amount),
        "spare": yen(payment.spare_amount),
        "elsewhere": yen(payment.refunded_elsewhere_amount),
        "lost": yen(payment.lost_amount),
        "charged_back": yen(payment.charged_back_sum),
        "refundable": yen(payment.refundable_amount or payment.held_amount),
        "failed": f"（{yen(payment.refund_failed_amount)}）" if payment.refund_failed_amount else "",
        "disputed": disputed_words(payment.open_chargebacks or payment.chargebacks),
        "other_holds": yen(sum(one.amount for one in payment.other_holds if one.stands)),
        "elsewhere_receipts": "、".join(
            f"注文{code}に記録済みの入金" if code else "いまどの注文にも記録されていない入金"
            for code in dict.fromkeys(
                booked_now.get(ref, stored) for ref, stored in payment.booked_elsewhere.items()
            )
        ),
        "homes": "、".join(dict.fromkeys(f"注文{code}" for code in homes)),
        "way_out": "この画面で実際の状況を記録すると、処理を続けます。"
        if call_rules.may_end_mismatch(payment)
        else "決済会社にお問い合わせください。",
        "again": "この注文の入金だったときは、「この注文の入金として数え直す」を押してください。"
        if any(one.kind == "receipt" for one in again.values())
        else "",
        "reported_again": "、".join(
            f"{KINDS[one.kind]} {yen(one.amount)}" for one in payment.reported_again.values()
        ),
        "told_as": "・".join(dict.fromkeys(KINDS[one.kind] for one in payment.reported_again.values())),
        "unnamed": yen(payment.unnamed_charge_amount),
        "due": _moment(payment.number.due_at if payment.number else None),
        "told_due": _moment(payment.doubted_due_at),
        "respond_by": f"{in_japan(by):%Y/%m/%d %H:%M}までに、" if by else "",
        "console": "銀行" if terms.deposit == "by_hand" else "決済会社の管理画面",
    }
    lost = {loss.kind for loss in payment.losses}
    kinds = {"receipt_reversed": "receipt", "chargeback_lost": "chargeback"}
    if payment.refund_requested_amount:
        # Whether this is lost is known after the refund was answered.
        lost -= {"receipt"}
    shown_words = [f"{word}_after_refund" if kinds.get(word) in lost else word for word in payment.calls]
    if homes and all(homes):
        shown_words = [
            "receipt_found_its_order" if word == "receipt_nowhere" else word for word in shown_words
        ]
    if payment.owes_nothing:
        shown_words = ["wished_refund_failed" if word == "refund_failed" else word for word in shown_words]
    if payment.booked_elsewhere:
        shown_words = ["answer_mismatch_elsewhere" if word == MISMATCH else word for word in shown_words]
    elif payment.reported_again and not (payment.refs_of_others or payment.awaits_an_answer):
        shown_words = ["answer_mismatch_reported_again" if word == MISMATCH else word for word in shown_words]
    elif payment.doubted_due_at and not (payment.receipt_amounts_in_doubt or payment.refund_amounts_in_doubt):
        shown_words = ["answer_mismatch_deadline" if word == MISMATCH else word for word in shown_words]
    shown_words = [_short(payment, terms) if word == "short_money" else word for word in shown_words]
    found = [ATTENTION.of(word) for word in shown_words]
    return [(title, text.format(**words)) for title, text in found]


def _moment(at: datetime | None) -> str:
    return f"{in_japan(at):%Y/%m/%d %H:%M}" if at else ""


def disputed_words(chargebacks: Sequence[KnownChargeback]) -> str:
    """Return the disputed amount in yen, or the text that it is not known."""
    known = sum(one.amount for one in chargebacks)
    if all(one.amount for one in chargebacks):
        return yen(known)
    return f"{yen(known)}と金額不明" if known else "（金額不明）"


def _short(payment: Payment, terms: Terms) -> str:
    """Return the text about short money, by the way in which the rest can come."""
    if payment.state in ("authorized", "capturing"):
        return "short_money_held"
    if payment.awaits_new_hold:
        return "short_money_held_anew"
    if order_wishes.may_reauthorize(payment, terms):
        return "short_money_to_hold"
    return "short_money_by_hand" if terms.deposit == "by_hand" else "short_money"
