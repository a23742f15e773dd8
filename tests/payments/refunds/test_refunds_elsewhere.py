"""Refunds that the shop made without a request of Noren: booked once, by the provider's id, sum or a record."""

from typing import Any

from harness.keys import Keys
from payments.payment.rules.answers import (
    Refunded,
    RefundedInAll,
)
from payments.payment.rules.drafting import Settled
from payments.payment.rules.settling import settle_answer
from payments.refunds import rules as refund_rules
from payments.requests.refund_replies import with_refunded_before
from shared.events import (
    PaymentRefunded,
)
from tests.payments.conftest import Shopping
from tests.payments.konbini_numbers import give_back_by_hand, issued, notify
from tests.payments.order_examples import cancelled
from tests.payments.payment_examples import (
    AT,
    KONBINI,
    payment,
)
from tests.payments.staff import press, sign_in


def kinds(settled: Settled) -> list[type]:
    return [type(event) for event in settled.events]


def test_what_staff_returned_is_booked_once_and_never_beyond() -> None:
    before = payment("owed", order_cancelled=True, captured_amount=3_300, calls=("refund_failed",))
    deed: dict[str, Any] = {"ref": "desk:1", "route": "bank_transfer", "note": "三菱", "by": "佐藤"}
    assert refund_rules.record_outside_refund(before, AT, amount=3_301, **deed) == Settled(before)
    settled = refund_rules.record_outside_refund(before, AT, amount=3_300, **deed)
    assert (settled.payment.state, settled.payment.calls) == ("refunded", ())
    assert (settled.steps[0].by, settled.steps[0].note) == ("佐藤", "三菱")
    assert kinds(settled) == [PaymentRefunded]
    assert refund_rules.record_outside_refund(settled.payment, AT, amount=1, **deed) == Settled(
        settled.payment
    )


async def test_a_cancellation_returns_the_rest_after_an_untold_refund(
    shopping: Shopping,
) -> None:
    number = await issued(shopping)
    await shopping.konbini.pay(number)
    await notify(shopping)
    await give_back_by_hand(shopping, number, 1_000)
    await shopping.payments.hears(cancelled("N1"))
    await shopping.payments.work()
    assert shopping.konbini.returned(number) == [1_000, 2_300]
    seen = await shopping.payments.payment("N1")
    assert (seen.state, seen.held_amount) == ("refunded", 0)


async def test_a_refusal_returned_elsewhere_is_recorded_with_a_name(shopping: Shopping, keys: Keys) -> None:
    number = await issued(shopping)
    await shopping.konbini.pay(number)
    await notify(shopping)
    await shopping.payments.hears(cancelled("N1"))
    shopping.konbini.go_wrong("refund", "decline")
    await shopping.payments.work()
    sign_in(shopping.payments.browser, keys)
    form = {"route": "bank_transfer", "note": "口座へ", "refund_id": "desk:" + "a" * 32}
    too_much = await press(shopping.payments, "N1", "outside", returned_amount="3,301", **form)
    assert too_much.status_code == 422
    assert "返金できるのは¥3,300までです。" in too_much.text
    odd = await press(
        shopping.payments, "N1", "outside", returned_amount="3,300", **{**form, "note": "口座\u202eへ"}
    )
    assert odd.status_code == 422, "no sign that turns the rest of the line around"
    for _ in range(2):
        seen = await shopping.payments.payment("N1")
        done = await press(shopping.payments, "N1", "outside", returned_amount="3,300", **form)
        assert done.status_code == 303
    assert (await shopping.payments.payment("N1")).refunded_amount == 3_300
    assert seen.state == "refunded"
    page = (await shopping.payments.browser.get("/desk/payments/N1")).text
    assert "銀行振込 ¥3,300 口座へ" in page
    assert "佐藤 店長" in page
    assert "別の方法で返金済みとして記録する" not in page


def test_a_new_refund_is_not_one_that_only_the_sum_told_of() -> None:
    began = payment("refunding", captured_amount=5_000, refund_requested_amount=3_000, order_cancelled=True)
    known = settle_answer(began, None, RefundedInAll(amount=500), AT, KONBINI).payment
    assert (known.unnamed_refund_amount, known.held_amount) == (500, 4_500)
    reply = with_refunded_before(
        began, [RefundedInAll(amount=500)], Refunded(refund_ref="f1", amount=3_000), AT, KONBINI
    )
    done = settle_answer(known, "refund", reply, AT, KONBINI)
    assert (done.payment.unnamed_refund_amount, done.payment.refunded_amount) == (500, 3_500)
    assert [ask.amount for ask in done.requests] == [1_500], "what is left, and no more"
    named = settle_answer(done.payment, None, Refunded(refund_ref="console", amount=500), AT, KONBINI).payment
    assert (named.unnamed_refund_amount, named.refunded_amount) == (0, 3_500)
