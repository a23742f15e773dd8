"""The calls for staff to look at an order, as sentences with amounts in yen."""

from dataclasses import dataclass, replace

from checkout.orders.rules.labels import CALL_TEXT, OWN_CALL_LABEL, OWN_CALL_TEXT
from checkout.orders.rules.order import Order
from checkout.orders.rules.standing import Standing
from checkout.orders.rules.states import PAYMENT_MAIL_UNDELIVERED
from shared.clock import in_japan
from shared.shop.payment_calls import CALL_LABEL


@dataclass(frozen=True, slots=True)
class Call:
    """One matter that a person must look at. ``ours`` means that staff mark it as seen in checkout.

    ``path`` leads to details and actions, with ``link`` as its text. It is "" if that is the present page.
    """

    word: str
    label: str
    text: str
    ours: bool = False
    path: str = ""
    link: str = ""


def calls_of(order: Order) -> list[Call]:
    """Return the calls of ``order``. A call that this release does not know is shown as unknown."""
    at_bank = order.payment_deposit == "by_hand"
    return [
        Call(
            word,
            CALL_LABEL.of(word),
            call_text(word, order.standing, order.total, at_bank),
            path=f"/desk/payments/{order.code}",
            link="決済の画面を開く",
        )
        for word in order.standing.calls
    ] + [_own_call(word, order.code) for word in order.own_calls]


def _own_call(word: str, code: str) -> Call:
    call = Call(word, OWN_CALL_LABEL.of(word), OWN_CALL_TEXT.of(word), ours=True)
    if word != PAYMENT_MAIL_UNDELIVERED:
        return call
    return replace(call, path=f"/desk/mails?q={code}", link="メール送信記録を開く")


def call_text(word: str, standing: Standing, total: int, at_bank: bool = False) -> str:
    """Return the sentence for a call of payments, for an order of ``total`` yen.

    ``at_bank`` means that the shop's bank moves the money, so no provider has a console for it.
    """
    came = standing.came
    if word == "short_money":
        missing = max(total - standing.kept, 0)
        return f"請求 ¥{total:,} に対して入金は ¥{came:,} です。¥{missing:,} 不足しています。"
    if word == "excess_money":
        extra = max(came - total, standing.suspense) - standing.refunded
        return f"¥{max(extra, 0):,} の過入金です。差額の返金が必要です。"
    if word == "late_money":
        return f"お支払い期限またはキャンセルの後に入金がありました。お預かりしているのは ¥{standing.kept:,} です。"
    if word == "refunded_elsewhere":
        others = (
            standing.refunded - standing.charged_back if standing.elsewhere is None else standing.elsewhere
        )
        return f"{'銀行' if at_bank else '決済会社の管理画面など'}で ¥{others:,} が返金されています。"
    if word == "refund_failed":
        return (
            "依頼した返金が成立していません。返金の金額は、決済の画面で確認してください"
            f"（お預かり ¥{standing.kept:,}）。"
        )
    if word == "receipt_reversed":
        return f"入金が取り消されました。お預かりしているのは ¥{standing.kept:,} です。発送前の場合は発送しないでください。お客様にお支払いの状況を確認してください。"
    if word == "chargeback_lost":
        return f"チャージバックで代金が回収されました。お預かりしているのは ¥{standing.kept:,} です。"
    if word == "chargeback":
        until = f"{in_japan(standing.respond_by):%Y/%m/%d %H:%M}" if standing.respond_by else ""
        return f"チャージバックの申し立てがあります。{f'回答期限は {until} です。' if until else '内容を確認してください。'}"
    if word == "refund_unexplained":
        more = f" ¥{standing.lost:,} " if standing.lost else ""
        where = "銀行" if at_bank else "決済会社"
        return f"入金の記録より{more}多い返金が{where}にあります。決済の画面で明細と照らし合わせてください。"
    return CALL_TEXT.of(word)
