"""The words that ask staff for a look at an order, as sentences with amounts in yen."""

from dataclasses import dataclass, replace
from typing import Literal

from checkout.orders.rules.order import Order
from checkout.orders.rules.standing import Standing
from checkout.orders.rules.states import PAYMENT_MAIL_UNDELIVERED
from shared.clock import in_japan
from shared.shop.labels import Labels
from shared.shop.payment_calls import CALL_LABEL

OwnCall = Literal["benefit_shortage", "registration_refused", "payment_mail_undelivered"]
OWN_CALL_LABEL = Labels[OwnCall](
    OwnCall,
    {
        "benefit_shortage": "値引きの不足",
        "registration_refused": "会員登録の見送り",
        "payment_mail_undelivered": "お支払い案内の未達",
    },
)


@dataclass(frozen=True, slots=True)
class Call:
    """One thing that a person has to look at. ``ours``: staff say themselves that it was seen.

    ``path`` leads to where more can be read and done, under the name ``link``; "" where that is this page.
    """

    word: str
    label: str
    text: str
    ours: bool = False
    path: str = ""
    link: str = ""


def calls_of(order: Order) -> list[Call]:
    """Return what asks for a person at ``order``; words that are not known here stay visible."""
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
    call = Call(word, OWN_CALL_LABEL.of(word), _OWN_TEXT.of(word), ours=True)
    if word != PAYMENT_MAIL_UNDELIVERED:
        return call
    return replace(call, path=f"/desk/mails?q={code}", link="メール送信記録を開く")


def call_text(word: str, standing: Standing, total: int, at_bank: bool = False) -> str:
    """Return the sentence for one of payments' words, for an order that costs ``total`` yen.

    ``at_bank``: its money is moved at the shop's bank, and no provider has a console for it.
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
    return _TEXT.get(word, f"決済の画面で内容を確認してください（{word}）。")


_TEXT = {
    "capture_failed": "売上請求ができませんでした。代金は入金されていません。",
    "shipping_untold": "決済会社に発送を報告できていません。決済会社の管理画面で発送を登録してください。",
    "answer_mismatch": "決済会社の回答が、依頼した内容と一致しません。決済の画面で確認してください。",
    "other_hold": "受注管理ソフトなどによる与信があります。決済の画面で確認してください。",
    "charge_unknown": "この注文で記録していない売上が決済会社にあります。決済の画面で確認してください。",
    "no_answer": "決済会社から結果が返っていません。照会を続けています。",
    "authorization_ended": "与信が切れました。再与信するか、別のお支払い方法をご案内してください。発送前の場合は、それまで発送できません。",
}
_OWN_TEXT = Labels[OwnCall](
    OwnCall,
    {
        "benefit_shortage": "ご利用のポイントまたはクーポンを引き落とせませんでした。値引き分は店舗の負担になっています。",
        "registration_refused": "ご注文と同時の会員登録は行われませんでした。ご注文は有効です。",
        "payment_mail_undelivered": "お支払い方法をご案内するメールがお客様に届いていません。メール送信記録から、"
        "宛先を確認して再送してください。お電話などでお伝えした場合は「確認済みにする」を押してください。",
    },
)
