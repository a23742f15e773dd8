"""The deeds of the desk, each by the last part of its path."""

from collections.abc import Mapping
from typing import Any

from payments.calls import rules as call_rules
from payments.calls.count_again import count_again
from payments.calls.disown_object import disown_object
from payments.chargebacks.decide_chargeback import DecideChargeback, decide_chargeback
from payments.chargebacks.reopen_chargeback import ReopenChargeback, reopen_chargeback
from payments.deposits.accept_short_money import AcceptShortMoney, accept_short_money
from payments.deposits.keep_money import KeepMoney, keep_money
from payments.deposits.move_receipt import move_receipt
from payments.deposits.record_deposit import RecordDeposit, record_deposit
from payments.deposits.take_back_deposit import take_back_deposit
from payments.desk.do_payment_deed import Deed, deed, press
from payments.holds import rules as hold_rules
from payments.payment.act_on_payment import Acted
from payments.payment.forms import OneObject
from payments.payment.rules import order_wishes
from payments.payment.rules.contradictions.deny import deny
from payments.refunds import rules as refund_rules
from payments.refunds.record_refund import RecordRefund, record_refund, take_back_refund
from payments.refunds.request_refund import RefundPart, refund_part


def _deposited(form: RecordDeposit, acted: Acted) -> str:
    """Return the text for a recorded deposit. It names the wanted mail if that is not sent."""
    is_short = acted.payment.goes_on and acted.payment.missing_amount > 0
    if is_short and form.send_mail:
        return "入金を記録しました。ご請求額に足りないため、メールは送信していません"
    return "入金を記録しました"


DEEDS: Mapping[str, Deed[Any]] = {
    "deposit": deed(
        "take_money",
        RecordDeposit,
        record_deposit,
        _deposited,
        {"deposit recorded": "スタッフが入金を記録しました"},
    ),
    "deposit/take-back": deed(
        "correct_money",
        OneObject,
        take_back_deposit,
        "入金の記録を取り消しました",
        {"deposit taken back": "入金の記録を取り消しました"},
    ),
    "accept": deed(
        "correct_money",
        AcceptShortMoney,
        accept_short_money,
        "入金済みにしました",
        {"short money accepted": "不足のまま入金済みにしました"},
    ),
    "keep": deed(
        "correct_money",
        KeepMoney,
        keep_money,
        "入金済みにしました",
        {"kept for the order": "お預かりしている代金で注文を続けることにしました"},
    ),
    "refund": press(
        "refund_money",
        refund_rules.refund_again,
        "返金を依頼しました",
        {"refund asked again": "スタッフが返金を依頼しました"},
        asks_refund=True,
    ),
    "refund-spare": press(
        "refund_money",
        refund_rules.refund_spare,
        "過入金の返金を依頼しました",
        {"spare refund asked": "スタッフが過入金の返金を依頼しました"},
        asks_refund=True,
    ),
    "part-refund": deed(
        "refund_money",
        RefundPart,
        refund_part,
        "返金を依頼しました",
        {"part refund asked": "スタッフが返金を依頼しました"},
    ),
    "outside": deed(
        "refund_money",
        RecordRefund,
        record_refund,
        "返金を記録しました",
        {"settled outside": "別の方法で返金済みとして記録しました"},
    ),
    "outside/take-back": deed(
        "refund_money",
        OneObject,
        take_back_refund,
        "返金の記録を取り消しました",
        {"outside taken back": "返金済みの記録を取り消しました"},
    ),
    "reauthorize": press(
        "take_money",
        order_wishes.reauthorize,
        "再与信を依頼しました",
        {"reauthorization asked": "再与信を依頼しました"},
    ),
    "void": press(
        "refund_money",
        hold_rules.void_hold,
        "与信の取消を依頼しました",
        {"void asked": "スタッフが与信の取消を指示しました"},
    ),
    "chargeback": deed(
        "correct_money",
        DecideChargeback,
        decide_chargeback,
        "結果を記録しました",
        {
            "chargeback won": "チャージバックは店舗の主張が認められました",
            "chargeback lost": "チャージバックにより返金されました",
        },
    ),
    "chargeback/reopen": deed(
        "correct_money",
        ReopenChargeback,
        reopen_chargeback,
        "結果の記録を取り消しました",
        {"chargeback reopened": "チャージバックの結果の記録を取り消しました"},
    ),
    "seen": press(
        "correct_money",
        call_rules.mark_seen,
        "確認済みにしました",
        {"marked as seen": "確認済みにしました"},
    ),
    "deny": press(
        "correct_money",
        deny,
        "依頼は成立していないと記録しました",
        {"request denied": "スタッフが、依頼は成立していないと記録しました"},
    ),
    "disown": deed(
        "correct_money",
        OneObject,
        disown_object,
        lambda _, acted: "。".join(filter(None, ["この注文のものではないと記録しました", acted.more_text])),
        {"said to be of others": "スタッフが、この注文のものではないと記録しました"},
    ),
    "count-again": deed(
        "correct_money",
        OneObject,
        count_again,
        "この注文のものとして数え直しました",
        {"counted again": "スタッフが、この注文のものとして数え直しました"},
    ),
    "move": deed(
        "correct_money",
        OneObject,
        move_receipt,
        "入金をこの注文に移しました",
        {"receipt moved here": "別の注文に記録していた入金を、この注文に移しました"},
    ),
}
