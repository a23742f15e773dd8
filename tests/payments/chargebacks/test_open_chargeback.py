"""A chargeback calls staff and stops refunds, also after it was lost."""

from dataclasses import replace
from datetime import timedelta

from payments.calls import rules as call_rules
from payments.chargebacks import rules as chargeback_rules
from payments.payment.rules import order_wishes
from payments.payment.rules.answers import (
    Captured,
    Chargeback,
)
from payments.payment.rules.drafting import NewRequest
from payments.payment.rules.settling import settle_answer
from payments.refunds import rules as refund_rules
from tests.payments.payment_examples import (
    AT,
    BANK,
    CARD,
    payment,
)


def test_an_open_chargeback_calls_staff_and_stops_refunds() -> None:
    before = payment("captured", captured_amount=3_300)
    due = AT + timedelta(days=7)
    told = Chargeback(reference="d1", amount=3_300, respond_by=due)
    disputed = settle_answer(before, None, told, AT, CARD).payment
    assert (disputed.calls, disputed.respond_by) == (("chargeback",), due)
    assert call_rules.calls_to_mark_seen(disputed) == ()
    cancelled_too = order_wishes.cancel(disputed, AT)
    assert cancelled_too.requests == (), "nothing goes back twice"
    won = chargeback_rules.decide_chargeback(
        cancelled_too.payment, AT, reference="d1", state="won", by="佐藤"
    )
    assert (won.requests, won.payment.calls) == ((NewRequest("refund", 3_300),), ())
    lost = chargeback_rules.decide_chargeback(
        cancelled_too.payment, AT, reference="d1", state="lost", by="佐藤"
    )
    assert (lost.requests, lost.payment.state, lost.payment.held_amount) == ((), "refunded", 0)
    again = settle_answer(lost.payment, None, told, AT, CARD)
    assert again.payment == lost.payment, "old news does not open it again"


def test_money_after_a_lost_chargeback_waits_for_a_person() -> None:
    captured = payment("captured", captured_amount=3_300, suspense_amount=1_700, receipts=("r0",))
    lost = settle_answer(
        captured, None, Chargeback(reference="c1", amount=5_000, state="lost"), AT, BANK
    ).payment
    assert (lost.state, lost.held_amount) == ("refunded", 0)
    for before in (lost, replace(lost, order_cancelled=True)):
        late = settle_answer(before, None, Captured(amount=3_300, captured_at=AT, receipt_id="r2"), AT, BANK)
        assert (late.payment.state, late.requests) == ("refunded", ())
        assert set(late.payment.calls) == {"chargeback_lost", "late_money"}
        again = refund_rules.refund_again(late.payment, CARD, AT, by="staff")
        assert again.requests == (NewRequest("refund", 3_300, sequence=2),)
