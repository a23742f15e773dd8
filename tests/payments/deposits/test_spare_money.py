"""Short, excess and late money: what staff do with it, and what it leaves in the books."""

from payments.deposits import rules as deposit_rules
from payments.payment.rules import order_wishes
from payments.payment.rules.answers import (
    RefundDeclined,
    Refunded,
    Reversed,
)
from payments.payment.rules.drafting import NewRequest, Settled
from payments.payment.rules.settling import settle_answer
from payments.refunds import rules as refund_rules
from shared.events import (
    PaymentCaptured,
)
from tests.payments.payment_examples import (
    AT,
    KONBINI,
    NUMBER,
    PAID,
    payment,
)


def kinds(settled: Settled) -> list[type]:
    return [type(event) for event in settled.events]


def test_a_till_that_takes_its_receipt_back_clears_the_suspense() -> None:
    late = settle_answer(payment("expired", number=NUMBER), None, PAID, AT, KONBINI).payment
    failed = settle_answer(late, "refund", RefundDeclined(reason="x"), AT, KONBINI).payment
    back = Reversed(receipt_id="r1", amount=3_300)
    cleared = settle_answer(failed, None, back, AT, KONBINI)
    assert (cleared.payment.state, cleared.payment.held_amount) == ("voided", 0)
    assert cleared.payment.calls == ()
    assert settle_answer(cleared.payment, None, back, AT, KONBINI) == Settled(cleared.payment)
    # A refund under way may have been given: its answer decides.
    awaited = settle_answer(late, None, back, AT, KONBINI).payment
    assert (awaited.state, awaited.refundable_amount) == ("refunding", 0)
    declined = settle_answer(awaited, "refund", RefundDeclined(reason="x"), AT, KONBINI).payment
    assert (declined.state, declined.held_amount, declined.calls) == ("voided", 0, ())
    paid = settle_answer(payment("waiting", number=NUMBER), None, PAID, AT, KONBINI).payment
    unpaid = settle_answer(paid, None, back, AT, KONBINI).payment
    assert (unpaid.state, unpaid.captured_amount, unpaid.calls) == ("waiting", 0, ("receipt_reversed",))


def test_staff_take_short_money_for_the_whole() -> None:
    before = payment("waiting", number=NUMBER, suspense_amount=3_000, calls=("short_money",))
    settled = deposit_rules.accept_short(before, KONBINI, AT, by="佐藤")
    assert (settled.payment.state, settled.payment.sale_amount) == ("captured", 3_000)
    assert (settled.payment.calls, settled.payment.spare_amount) == ((), 0)
    assert kinds(settled) == [PaymentCaptured]
    assert deposit_rules.accept_short(settled.payment, KONBINI, AT, by="佐藤") == Settled(settled.payment)


def test_spare_money_goes_back_and_the_order_stays_paid() -> None:
    before = payment("captured", captured_amount=3_300, suspense_amount=500, calls=("excess_money",))
    asked = refund_rules.refund_spare(before, KONBINI, AT, by="佐藤")
    assert asked.requests == (NewRequest("refund", 500),)
    over = order_wishes.cancel(asked.payment, AT)
    assert over.requests == (), "one refund is awaited before the next"
    done = settle_answer(over.payment, "refund", Refunded(refund_ref="f1", amount=500), AT, KONBINI)
    assert done.requests == (NewRequest("refund", 3_300, 2),)
    refused = settle_answer(asked.payment, "refund", RefundDeclined(reason="x"), AT, KONBINI).payment
    assert (refused.state, refused.calls) == ("captured", ("excess_money", "refund_failed"))
    assert order_wishes.cancel(refused, AT).requests == (NewRequest("refund", 3_800, 2),)
