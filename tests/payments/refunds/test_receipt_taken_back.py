"""A till takes back its receipt while our refund of it is under way, or the money of a live order comes a second time. Pure."""

from payments.desk.call_labels import calls
from payments.payment.locked_payments import settle_answers
from payments.payment.rules import order_wishes
from payments.payment.rules.answers import Answer, Captured, Chargeback, RefundDeclined, Refunded, Reversed
from payments.payment.rules.drafting import Settled, and_then
from payments.payment.rules.payment import Payment
from payments.requests.outcomes import settle_reply
from shared.events import PaymentRefunded
from tests.payments.payment_examples import AT, CARD, KONBINI, NUMBER, PLACED, payment

BACK = Refunded(refund_ref="p1", amount=3_300)
TAKEN_BACK = Reversed(receipt_id="r1", amount=3_300)


def came(receipt: str = "r1") -> Captured:
    return Captured(amount=3_300, captured_at=PLACED, receipt_id=receipt)


def heard(before: Payment, *answers: Answer) -> Settled:
    return settle_answers(before, None, answers, AT, KONBINI)


PAID = heard(payment("waiting", number=NUMBER), came()).payment
REFUNDING = order_wishes.cancel(PAID, AT).payment


def replied(before: Payment, answer: Answer) -> Settled:
    return settle_reply(before, "refund", [answer], AT, KONBINI)


def told(settled: Settled) -> list[int]:
    return [event.amount for event in settled.events if isinstance(event, PaymentRefunded)]


def test_a_refund_under_way_is_told_though_its_receipt_is_gone() -> None:
    gone = heard(REFUNDING, TAKEN_BACK)
    answered = replied(gone.payment, BACK)
    first = replied(REFUNDING, BACK)
    second = heard(first.payment, TAKEN_BACK)

    assert told(and_then(gone, answered)) == told(first) == [3_300]
    for ended in (answered.payment, second.payment):
        assert (ended.state, ended.refunded_amount, ended.lost_amount) == ("refunded", 3_300, 3_300)
        assert ended.calls == ("receipt_reversed",)


def test_a_reversed_receipt_is_not_refunded_for_the_first_time() -> None:
    gone = heard(REFUNDING, TAKEN_BACK).payment
    assert (gone.state, gone.refundable_amount) == ("refunding", 0)
    ended = replied(gone, RefundDeclined(reason="amount_changed")).payment
    assert (ended.state, ended.held_amount, ended.lost_amount, ended.calls) == ("voided", 0, 0, ())


def test_a_loss_is_not_told_before_the_refund_is_answered() -> None:
    gone = heard(REFUNDING, TAKEN_BACK).payment
    assert all("損失" not in text for _, text in calls(gone, KONBINI))


def test_money_of_a_live_order_goes_back_without_cancellation() -> None:
    all_back = heard(PAID, BACK).payment
    again = heard(all_back, came("r2")).payment
    [event] = [
        one
        for one in replied(again, Refunded(refund_ref="p2", amount=3_300)).events
        if isinstance(one, PaymentRefunded)
    ]
    assert not event.order_ended


def test_a_chargeback_of_an_unknown_amount_says_so() -> None:
    disputed = settle_answers(
        payment("captured", captured_amount=3_300, receipts=("r1",)),
        None,
        [Chargeback(reference="c1", amount=0)],
        AT,
        CARD,
    ).payment
    [(_, text)] = calls(disputed, CARD)
    assert "¥0" not in text
    assert "金額不明" in text
