"""The deeds of one press about a payment, and the records that staff may take back, each with its effect in yen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from payments.calls import rules as call_rules
from payments.chargebacks import rules as chargeback_rules
from payments.deposits import rules as deposit_rules
from payments.desk.rows import Story
from payments.holds import rules as hold_rules
from payments.payment.labels import COUNTED_AGAIN_EFFECTS, KINDS, ROUTES
from payments.payment.records import Receipt
from payments.payment.rules import order_wishes
from payments.payment.rules.contradictions.count_again import may_be_counted_again
from payments.payment.rules.contradictions.deny import may_deny
from payments.payment.rules.contradictions.disown import (
    may_disown_hold,
    receipts_booked_elsewhere,
    receipts_to_disown,
    refunds_to_disown,
)
from payments.payment.rules.details import KnownChargeback
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms
from payments.refunds import rules as refund_rules
from shared.clock import in_japan, now
from shared.web.filters import yen

AGAIN = "前回の依頼が成立しなかったため、もう一度依頼"
"""The reason in the history of a part refund that is requested again."""

ASKS_REFUND = ("refund", "refund-spare", "part-refund")
"""The deeds that request a refund. They are offered after the answer to an earlier refund."""

TELL_BUYER = "入金確認のメールを送信済みの場合は、お客様にご連絡ください。"


@dataclass(frozen=True)
class Offer:
    """A deed of one press: the last part of its path (``deeds.py``), its button, and its effect, shown before.

    ``fields`` are the fields of the deed's form, without the version.
    """

    path: str
    label: str
    confirm: str
    fields: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True)
class Contrary(Offer):
    """A record that staff may take back, and its ``text``."""

    text: str = ""


def offers(payment: Payment, terms: Terms) -> list[Offer]:
    """Return the deeds of one press that the payment allows."""
    return [*_about_the_hold(payment, terms), *_refunds(payment, terms), *_not_done(payment), *_seen(payment)]


def _about_the_hold(payment: Payment, terms: Terms) -> list[Offer]:
    missing = yen(payment.missing_amount)
    found = []
    if order_wishes.may_reauthorize(payment, terms):
        ask = f"{missing}の与信をもう一度依頼します。いまの与信は取り消します。"
        found.append(Offer("reauthorize", "再与信する", ask))
    if hold_rules.may_void_hold(payment):
        void = f"{missing}の与信を取り消します。この注文の代金は受け取れなくなります。"
        found.append(Offer("void", "与信を取り消す", void))
    return found


def _refunds(payment: Payment, terms: Terms) -> list[Offer]:
    spare, held = yen(payment.spare_amount), yen(payment.held_amount)
    failed = "refund_failed" in payment.calls
    again, failed_amount = ("もう一度", payment.refund_failed_amount) if failed else ("", 0)
    found = []
    if refund_rules.may_refund_spare(payment, terms):
        text = f"過入金の{spare}を返金するよう、決済会社に依頼します。"
        found.append(Offer("refund-spare", "過入金を返金する", text))
    if refund_rules.may_refund_again(payment):
        text = f"{held}を返金するよう、決済会社に{again}依頼します。"
        found.append(Offer("refund", f"返金を{again}依頼する", text))
    if 0 < failed_amount <= refund_rules.part_refund_max(payment, terms) and payment.owes_nothing:
        text = (
            f"{yen(failed_amount)}を返金するよう、決済会社にもう一度依頼します。残りのお預かりは"
            f"{yen(payment.held_amount - failed_amount)}になります。"
        )
        fields: Mapping[str, str | int] = {"refund_amount": failed_amount, "refund_reason": AGAIN}
        found.append(Offer("part-refund", f"{yen(failed_amount)}の返金をもう一度依頼する", text, fields))
    return found


def _not_done(payment: Payment) -> list[Offer]:
    """Return the offer to end a request that was not done, as staff have seen."""
    if not may_deny(payment):
        return []
    seen = "決済会社の管理画面で、依頼した処理がこの注文について行われていないことを確認したときに押してください。"
    means = f"{seen}依頼を打ち切ります。お金は動きません。"
    if payment.state == "voiding":
        what = "与信の取消" if payment.number is None else "お支払い番号の取消"
        means = f"{seen}{what}を、もう一度依頼します。"
    return [Offer("deny", "依頼は成立していない", means)]


def _seen(payment: Payment) -> list[Offer]:
    """Return the offer to mark the payment as seen, with what the provider's report then changes."""
    if not call_rules.calls_to_mark_seen(payment):
        return []
    amounts = {"入金額": payment.receipt_amounts_in_doubt, "返金額": payment.refund_amounts_in_doubt}
    shown = [f"{word} {yen(amount)}" for word, of_each in amounts.items() for amount in of_each.values()]
    means = "確認済みにします。お金は動きません。"
    if payment.reported_again:
        told = "、".join(dict.fromkeys(KINDS[one.kind] for one in payment.reported_again.values()))
        means = (
            f"決済会社がもう一度示した{told}は、やはりこの注文のものではないとして確認済みにします。"
            "この注文では数えません。お金は動きません。"
        )
    if shown:
        again = f"{means.removesuffix('お金は動きません。')}ほかは、" if payment.reported_again else ""
        means = f"{again}決済会社が示している金額（{'、'.join(shown)}）で記録し直し、処理を続けます。"
    elif payment.reported_again:
        pass
    elif payment.doubted_due_at and payment.number is not None:
        told = f"{in_japan(payment.number.due_at):%Y/%m/%d %H:%M}"
        means = f"お客様にお知らせしたお支払い期限（{told}）のまま、処理を続けます。お金は動かず、メールも送りません。"
    return [Offer("seen", "確認済みにする", means)]


def contraries(payment: Payment, terms: Terms, story: Story) -> list[Contrary]:
    """Return the records about money that staff may take back."""
    deposits = [_no_deposit(payment, one) for one in story.receipts if _may_go(payment, terms, one)]
    refunds = [
        Contrary(
            "outside/take-back",
            "この返金記録を取り消す",
            f"{yen(one.amount)}を返金済みとした記録を取り消します。お金は動きません。",
            {"ref": one.ref},
            f"{ROUTES[one.route]}で返金済みと記録した {yen(one.amount)}",
        )
        for one in payment.outside
    ]
    return deposits + refunds


def _may_go(payment: Payment, terms: Terms, receipt: Receipt) -> bool:
    """Return whether staff may take back the deposit of ``receipt``: it is booked, and all of it is still here."""
    booked = receipt.receipt_id not in payment.reversals and receipt.amount <= payment.held_amount
    return booked and deposit_rules.may_take_back_deposits(payment, terms)


def _no_deposit(payment: Payment, receipt: Receipt) -> Contrary:
    goes_on = "注文は未入金に戻ります。" if payment.goes_on else ""
    return Contrary(
        "deposit/take-back",
        "この入金記録を取り消す",
        f"{yen(receipt.amount)}の入金記録を取り消します。{goes_on}お金は動かず、メールも送りません。",
        {"ref": receipt.receipt_id},
        f"{in_japan(receipt.at):%Y/%m/%d %H:%M}に記録した入金 {yen(receipt.amount)}",
    )


def objects_of_other_orders(
    payment: Payment, booked_now: Mapping[str, str] = MappingProxyType({})
) -> list[Contrary]:
    """Return the reported objects that staff may assign to another order, each with the effect.

    ``booked_now`` has the order that has a receipt in its books now, by the provider's ids; "" for none.
    """
    goes_on = "注文は未入金に戻ります。" if payment.goes_on else ""
    return [
        *_booked_elsewhere(payment, booked_now),
        *_counted_again(payment, booked_now),
        *(
            _not_ours(
                "入金",
                ref,
                f"入金 {yen(amount)}（{ref}）",
                f"{yen(amount)}の入金記録を取り消します。{goes_on}お金は動かず、メールも送りません。{TELL_BUYER}",
            )
            for ref, amount in receipts_to_disown(payment).items()
        ),
        *(
            _not_ours(
                "返金",
                ref,
                f"返金 {yen(amount)}（{ref}）",
                f"{yen(amount)}の返金記録を取り消します。お金は動きません。",
            )
            for ref, amount in refunds_to_disown(payment).items()
        ),
        *(
            _not_ours(
                "与信",
                ref,
                f"与信（{ref}）",
                "この与信を、この注文では数えません。注文の与信はなくなり、再与信できます。与信の取消はしません。",
            )
            for ref in filter(None, [payment.authorization_id if may_disown_hold(payment) else None])
        ),
    ]


def _booked_elsewhere(payment: Payment, booked_now: Mapping[str, str]) -> list[Contrary]:
    found = []
    for ref, stored in receipts_booked_elsewhere(payment).items():
        code = booked_now.get(ref, stored)
        where = f"注文{code}に記録済みの" if code else "いまどの注文にも記録されていない"
        moved = "この注文の入金として記録します。お金は動きません。"
        if code:
            moved = (
                f"注文{code}の入金記録を取り消し、この注文の入金として記録します。お金は動かず、注文{code}のお客様にはメールを"
                f"送りません。{TELL_BUYER}"
            )
        shown = f"{where}入金（{ref}）が、この注文の入金としても届いています。"
        found.append(Contrary("move", "この入金をこの注文に移す", moved, {"ref": ref}, shown))
        stays = f"{where}入金（{ref}）は、この注文の入金ではない。"
        found.append(_not_ours("入金", ref, stays, "この入金を、この注文では数えません。お金は動きません。"))
    return found


def _counted_again(payment: Payment, booked_now: Mapping[str, str]) -> list[Contrary]:
    return [
        Contrary(
            "count-again",
            f"この注文の{KINDS[one.kind]}として数え直す",
            COUNTED_AGAIN_EFFECTS[one.kind].format(amount=yen(one.amount)),
            {"ref": ref},
            f"この注文のものではないと記録した{KINDS[one.kind]} {yen(one.amount)}（{ref}）",
        )
        for ref, one in may_be_counted_again(payment).items()
        if booked_now.get(ref, "") in ("", payment.order_code)
    ]


def _not_ours(what: str, ref: str, text: str, means: str) -> Contrary:
    return Contrary("disown", f"この注文の{what}ではない", means, {"ref": ref}, text)


def effect_of_reopening(payment: Payment, one: KnownChargeback) -> str:
    """Return the effect of reopening a chargeback."""
    opened = "チャージバックの結果の記録を取り消し、回答待ちに戻します。"
    if one.state == "won":
        return f"{opened}お金は動きません。"
    here = f"返金されたと記録した{yen(one.amount)}を、返金されていないものとして記録し直します。"
    after = chargeback_rules.reopen_chargeback(
        payment, now(), reference=one.reference, reason="", by=""
    ).payment
    back = payment.state != "captured" and after.keeps_its_sale and not after.missing_amount
    paid = "注文は入金済みに戻ります。" if back else ""
    return f"{opened}{here}{paid}お金は動かず、メールも送りません。"
