"""What the page of one payment shows: facts, what calls for a person and what staff may do, in yen."""

from collections.abc import Sequence

from payments.calls import disowning
from payments.calls import rules as call_rules
from payments.chargebacks import rules as chargeback_rules
from payments.deposits import rules as deposit_rules
from payments.desk.forms import Contrary, Offer
from payments.desk.rows import Story
from payments.holds import rules as hold_rules
from payments.payment.rules import asking
from payments.payment.rules.details import KnownChargeback
from payments.payment.rules.payment import MISMATCH, Payment
from payments.payment.rules.terms import Terms
from payments.payment.words import (
    ATTENTION,
    POLICIES,
    ROUTES,
)
from payments.refunds import rules as refund_rules
from shared.clock import in_japan, now
from shared.web.filters import yen

AGAIN = "前回の依頼が成立しなかったため、もう一度依頼"


def calls(payment: Payment, terms: Terms) -> list[tuple[str, str]]:
    """Return title and text of all that calls for a person, with the amounts of this payment."""
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
        "elsewhere_order": "、".join(payment.booked_elsewhere.values()),
        "unnamed": yen(payment.unnamed_charge_amount),
        "respond_by": f"{in_japan(by):%Y/%m/%d %H:%M}までに、" if by else "",
        "console": "銀行" if terms.deposit == "by_hand" else "決済会社の管理画面",
    }
    lost = {loss.kind for loss in payment.losses}
    kinds = {"receipt_reversed": "receipt", "chargeback_lost": "chargeback"}
    if payment.refund_asked_amount:
        # Whether that is lost is known once the refund is answered.
        lost -= {"receipt"}
    words_told = [f"{word}_after_refund" if kinds.get(word) in lost else word for word in payment.calls]
    if payment.owes_nothing:
        words_told = ["wished_refund_failed" if word == "refund_failed" else word for word in words_told]
    if payment.booked_elsewhere:
        words_told = ["answer_mismatch_elsewhere" if word == MISMATCH else word for word in words_told]
    words_told = [_short(payment, terms) if word == "short_money" else word for word in words_told]
    found = [ATTENTION.of(word) for word in words_told]
    return [(title, text.format(**words)) for title, text in found]


def disputed_words(chargebacks: Sequence[KnownChargeback]) -> str:
    """Return in yen what is disputed; of one whose amount nobody tells, that it is not known."""
    known = sum(one.amount for one in chargebacks)
    if all(one.amount for one in chargebacks):
        return yen(known)
    return f"{yen(known)}と金額不明" if known else "（金額不明）"


def _short(payment: Payment, terms: Terms) -> str:
    """Return the word for money that is short, by the way in which the rest can come."""
    if payment.state in ("authorized", "capturing"):
        return "short_money_held"
    if payment.holds_anew:
        return "short_money_held_anew"
    if asking.may_reauthorize(payment, terms):
        return "short_money_to_hold"
    return "short_money_by_hand" if terms.deposit == "by_hand" else "short_money"


def offers(payment: Payment, terms: Terms) -> list[Offer]:
    """Return what staff may do about the payment by one press, and what each will do, in yen."""
    spare, held, missing = map(yen, (payment.spare_amount, payment.held_amount, payment.missing_amount))
    failed = "refund_failed" in payment.calls
    again, failed_amount = ("もう一度", payment.refund_failed_amount) if failed else ("", 0)
    possible = (
        (
            asking.may_reauthorize(payment, terms),
            Offer(
                "reauthorize",
                "再与信する",
                f"{missing}の与信をもう一度依頼します。いまの与信は取り消します。",
            ),
        ),
        (
            hold_rules.may_void_hold(payment),
            Offer(
                "void",
                "与信を取り消す",
                f"{missing}の与信を取り消します。この注文の代金は受け取れなくなります。",
            ),
        ),
        (
            refund_rules.may_refund_spare(payment, terms),
            Offer(
                "refund-spare", "過入金を返金する", f"過入金の{spare}を返金するよう、決済会社に依頼します。"
            ),
        ),
        (
            refund_rules.may_refund_again(payment),
            Offer("refund", f"返金を{again}依頼する", f"{held}を返金するよう、決済会社に{again}依頼します。"),
        ),
        (
            0 < failed_amount <= refund_rules.part_refund_max(payment, terms) and payment.owes_nothing,
            Offer(
                "part-refund",
                f"{yen(failed_amount)}の返金をもう一度依頼する",
                f"{yen(failed_amount)}を返金するよう、決済会社にもう一度依頼します。残りのお預かりは"
                f"{yen(payment.held_amount - failed_amount)}になります。",
                {"refund_amount": failed_amount, "refund_reason": AGAIN},
            ),
        ),
        (
            disowning.may_deny(payment),
            Offer(
                "deny",
                "依頼は成立していない",
                "決済会社の管理画面で、依頼した処理がこの注文について行われていないことを確認したときに押してください。依頼を"
                "打ち切ります。お金は動きません。",
            ),
        ),
        (
            bool(call_rules.to_be_seen(payment)),
            Offer("seen", "確認済みにする", _seen(payment)),
        ),
    )
    return [offer for may, offer in possible if may]


def _seen(payment: Payment) -> str:
    """Return what it means to mark the payment as seen."""
    amounts = {"入金額": payment.doubted_receipts, "返金額": payment.retold_refunds}
    told = [f"{word} {yen(amount)}" for word, of_each in amounts.items() for amount in of_each.values()]
    if told:
        return f"決済会社が示している金額（{'、'.join(told)}）で記録し直し、処理を続けます。"
    return "確認済みにします。お金は動きません。"


def facts(payment: Payment, *, shows_status: bool) -> list[tuple[str, str]]:
    """Return how the payment stands."""
    found = [("受付番号", str(payment.order_number))] if payment.order_number is not None else []
    found.append(("請求額", yen(payment.amount)))
    if payment.authorization_id:
        found.append(("売上請求の方法", POLICIES[payment.capture_policy]))
    if shows_status:
        found.append(("連携ステータス", payment.provider_status or "—"))
    if payment.instrument:
        found.append(("お支払い手段", payment.instrument))
    if payment.number is not None:
        found += [
            (payment.number.label, payment.number.number),
            ("お支払い期限", f"{in_japan(payment.number.due_at):%Y/%m/%d %H:%M}"),
        ]
    if payment.payer_name:
        found.append(("注文者", payment.payer_name))
    money = (
        ("入金額", payment.received_amount, payment.received_amount),
        ("うち仮受金", payment.suspense_amount, payment.suspense_amount),
        ("返金額", payment.refunded_amount, payment.refunded_amount),
        ("お預かり中", payment.held_amount, payment.refunded_amount + payment.suspense_amount),
        ("損失（お預かりを超えて出たお金）", payment.lost_amount, payment.lost_amount),
    )
    found += [(label, yen(amount)) for label, amount, shown in money if shown]
    return found + [("照会番号", value) for name, value in payment.refs.items() if name.endswith("_id")]


def contraries(payment: Payment, terms: Terms, story: Story) -> list[Contrary]:
    """Return what staff wrote down of money and may take back, each with what that will do, in yen."""
    goes_on = "注文は未入金に戻ります。" if payment.goes_on else ""
    deposits = [
        Contrary(
            "deposit/take-back",
            row.receipt_id,
            f"{in_japan(row.at):%Y/%m/%d %H:%M}に記録した入金 {yen(row.amount)}",
            "この入金記録を取り消す",
            f"{yen(row.amount)}の入金記録を取り消します。{goes_on}お金は動かず、メールも送りません。",
        )
        for row in story.receipts
        if deposit_rules.may_take_back_deposits(payment, terms)
        and row.receipt_id not in payment.reversals
        and row.amount <= payment.held_amount
    ]
    returned = [
        Contrary(
            "outside/take-back",
            one.ref,
            f"{ROUTES[one.route]}で返金済みと記録した {yen(one.amount)}",
            "この返金記録を取り消す",
            f"{yen(one.amount)}を返金済みとした記録を取り消します。お金は動きません。",
        )
        for one in payment.outside
    ]
    return deposits + returned


def of_others(payment: Payment) -> list[Contrary]:
    """Return what the provider told here that staff may say is another order's, each with what that will do, in yen."""
    goes_on = "注文は未入金に戻ります。" if payment.goes_on else ""
    moved = [
        Contrary(
            "move",
            ref,
            f"注文{code}に記録済みの入金（{ref}）が、この注文の入金としても届いています。",
            "この入金をこの注文に移す",
            f"注文{code}の入金記録を取り消し、この注文の入金として記録します。お金は動きません。",
        )
        for ref, code in disowning.elsewhere(payment).items()
    ]
    others = [
        Contrary(
            "disown",
            ref,
            f"注文{code}に記録済みの入金（{ref}）は、この注文の入金ではない。",
            "この注文の入金ではない",
            "この入金を、この注文では数えません。お金は動きません。",
        )
        for ref, code in disowning.elsewhere(payment).items()
    ]
    receipts = [
        Contrary(
            "disown",
            ref,
            f"入金 {yen(amount)}（{ref}）",
            "この注文の入金ではない",
            f"{yen(amount)}の入金記録を取り消します。{goes_on}お金は動かず、メールも送りません。",
        )
        for ref, amount in disowning.receipts_doubted(payment).items()
    ]
    refunds = [
        Contrary(
            "disown",
            ref,
            f"返金 {yen(amount)}（{ref}）",
            "この注文の返金ではない",
            f"{yen(amount)}の返金記録を取り消します。お金は動きません。",
        )
        for ref, amount in disowning.refunds_told(payment).items()
    ]
    hold = payment.authorization_id
    holds = [
        Contrary(
            "disown",
            hold,
            f"与信（{hold}）",
            "この注文の与信ではない",
            "この与信を、この注文では数えません。注文の与信はなくなり、再与信できます。与信の取消はしません。",
        )
    ]
    return moved + others + receipts + refunds + (holds if disowning.holds_another(payment) else [])


def taken_back(payment: Payment, one: KnownChargeback) -> str:
    """Return in yen what it does to take back how a chargeback ended."""
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
