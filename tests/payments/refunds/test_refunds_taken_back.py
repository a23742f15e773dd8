"""Refunds that did not take place after all: they end losses before money is here again, and every mail is corrected."""

import re
from datetime import timedelta

import pytest

from harness.keys import Keys
from payments.calls import rules as call_rules
from payments.payment.locked_payments import end_mismatch_if_all_fits, settle_answers
from payments.payment.rules import order_wishes
from payments.payment.rules.answers import (
    Answer,
    RefundDeclined,
    Refunded,
    RefundedInAll,
    Unknown,
)
from payments.payment.rules.contradictions.disown import disown
from payments.payment.rules.details import Loss, Outside
from payments.payment.rules.drafting import Settled, and_then
from payments.payment.rules.payment import Payment
from payments.refunds import rules as refund_rules
from shared.clock import clock
from shared.events import PaymentRefunded, RefundTakenBack
from tests.payments.order_examples import cancelled, capture_requested, placed
from tests.payments.payment_examples import AT, PAID, RENEWABLE, payment
from tests.payments.payments_service import Payments
from tests.payments.scripted import Scripted, granted, taken
from tests.payments.staff import press, sign_in

PAYS = payment("captured", authorization_id="a1", captured_amount=3_300, receipts=("r1",),
               receipt_amounts={"r1": 3_300})  # fmt: skip


def look(so_far: Settled, *answers: Answer) -> Settled:
    """A whole look-up that reports the receipt, and ``answers``."""
    told = (PAID, *answers)
    settled = settle_answers(so_far.payment, None, told, AT, RENEWABLE)
    return and_then(so_far, end_mismatch_if_all_fits(settled, told, AT, RENEWABLE))


def sum_of(so_far: Settled, amount: int) -> Settled:
    """A look-up in which the provider's sum of refunds is ``amount``."""
    before = so_far.payment.reported_refunds_amount
    return look(so_far, RefundedInAll(amount=amount, expected_before=before))


def seen(so_far: Settled) -> Settled:
    return and_then(so_far, call_rules.mark_seen(so_far.payment, RENEWABLE, AT, by="佐藤"))


def refund(amount: int, ref: str = "p1") -> Refunded:
    return Refunded(refund_ref=ref, amount=amount)


def money(one: Payment) -> tuple[int, int]:
    return one.held_amount, one.lost_amount


def published(settled: Settled) -> int:
    """The yen that the buyer was told to get back, after all corrections."""
    back = sum(one.amount for one in settled.events if isinstance(one, PaymentRefunded))
    return back - sum(one.amount for one in settled.events if isinstance(one, RefundTakenBack))


def booked_once(settled: Settled) -> bool:
    names = [(one.reason, one.subject) for one in settled.entries]
    return len(names) == len(set(names))


@pytest.mark.parametrize("cancelled", [False, True])
@pytest.mark.parametrize(
    ("told", "then"), [(3_500, 500), (4_000, 0), (4_000, 3_300), (4_000, 3_500), (3_300, 0)]
)
def test_a_sum_that_was_too_high_reduces_its_loss_first(told: int, then: int, cancelled: bool) -> None:
    over = sum_of(Settled(PAYS), told)
    if cancelled:
        over = and_then(over, order_wishes.cancel(over.payment, AT))
    less = seen(sum_of(over, then))
    assert money(less.payment) == (max(3_300 - then, 0), max(then - 3_300, 0))
    assert published(less) == then
    assert not less.payment.contradicted


def test_a_sum_is_booked_each_time_that_it_is_told() -> None:
    story = Settled(PAYS)
    for _ in range(3):
        story = sum_of(story, 500)
        assert money(story.payment) == (2_800, 0)
        story = seen(sum_of(story, 0))
        assert money(story.payment) == (3_300, 0)
    assert booked_once(story)
    assert published(story) == 0


@pytest.mark.parametrize("cancelled", [False, True])
@pytest.mark.parametrize("how", ["seen", "disowned"])
def test_money_of_a_refund_taken_back_covers_the_loss_of_another(cancelled: bool, how: str) -> None:
    both = look(look(Settled(PAYS), refund(2_000)), refund(2_000), refund(2_800, "p2"))
    assert money(both.payment) == (0, 1_500)
    if cancelled:
        both = and_then(both, order_wishes.cancel(both.payment, AT))
    story = look(both, refund(500), refund(2_800, "p2"))
    if how == "seen":
        story = seen(story)
        assert money(story.payment) == (0, 0)
        assert published(story) == 3_300
    else:
        story = and_then(story, disown(story.payment, RENEWABLE, AT, ref="p1", by="佐藤"))
        assert money(story.payment) == (500, 0)
        assert published(story) == 2_800
    assert not any(ask.operation == "refund" and ask.amount > 500 for ask in story.requests)
    assert booked_once(story)


def test_published_yen_that_did_not_go_back_are_corrected() -> None:
    story = look(Settled(PAYS), refund(4_000))
    story = seen(look(story, refund(3_300)))
    assert published(story) == 3_300
    [event] = [one for one in story.events if isinstance(one, RefundTakenBack)]
    assert (event.amount, event.remaining_amount) == (700, 0)


def test_a_loss_that_nobody_was_told_of_is_taken_back_in_silence() -> None:
    gone = look(Settled(PAYS), refund(3_300))
    story = look(gone, refund(3_300), refund(700, "p2"))
    assert money(story.payment) == (0, 700)
    story = seen(look(story, refund(3_300), refund(200, "p2")))
    assert money(story.payment) == (0, 200)
    assert not [one for one in story.events if isinstance(one, RefundTakenBack)]


def test_a_refund_named_after_its_sum_is_taken_back_whole() -> None:
    story = look(sum_of(Settled(PAYS), 3_500), refund(3_500))
    assert (story.payment.refund_amounts, money(story.payment)) == ({"p1": 3_500}, (0, 200))
    story = seen(look(story, RefundDeclined(reason="failed", refund_ref="p1")))
    assert money(story.payment) == (3_300, 0)
    assert published(story) == 0


def test_a_refund_taken_back_leaves_suspense_to_records() -> None:
    record = Outside("desk:1", 700, "gift_card", from_suspense=700)
    paid = PAYS.changed(suspense_amount=700, suspense_returned_amount=700, refunded_amount=700,
                        beside_provider_amount=700, outside=(record,), refunds=("desk:1",),
                        receipt_amounts={"r1": 3_300, "r2": 700}, receipts=("r1", "r2"))  # fmt: skip
    story = seen(look(look(Settled(paid), refund(500)), refund(100)))
    assert (story.payment.suspense_returned_amount, story.payment.sale_amount) == (700, 3_200)
    gone = refund_rules.take_back_refund(story.payment, AT, ref="desk:1", by="佐藤").payment
    assert (gone.spare_amount, gone.sale_amount) == (700, 3_200)


@pytest.mark.parametrize("ours", [True, False])
def test_a_completed_refund_that_fails_calls_a_person(ours: bool) -> None:
    own = {"p1": 3_300} if ours else {}
    back = look(Settled(PAYS.changed(order_cancelled=True)), refund(3_300)).payment.changed(own_refunds=own)
    failed = RefundDeclined(reason="failed", refund_ref="p1")
    story = look(Settled(back), failed, RefundedInAll(amount=3_300, expected_before=3_300))
    assert story.payment.contradicted
    assert "answer_mismatch" in story.payment.calls
    again = look(story, refund(3_300), RefundedInAll(amount=3_300, expected_before=3_300))
    assert not again.payment.contradicted
    owed = seen(story)
    assert money(owed.payment) == (3_300, 0)
    assert "refund_failed" in owed.payment.calls


def test_a_doubted_refund_ends_and_its_rest_is_left_to_staff() -> None:
    doubted = payment("refunding", captured_amount=3_300, receipts=("r1",), receipt_amounts={"r1": 3_300},
                      order_cancelled=True, refund_requested_amount=3_300, unfit_refund_refs=("p1",),
                      calls=("answer_mismatch",))  # fmt: skip
    doubted = look(Settled(doubted), refund(1_000, "p2")).payment
    assert doubted.held_amount == 2_300
    after = call_rules.mark_seen(doubted, RENEWABLE, AT, by="佐藤")
    assert (after.denied, after.requests) == (("refund",), ())
    assert (after.payment.state, after.payment.calls) == ("owed", ("refund_failed",))
    known = look(Settled(after.payment), refund(500), refund(1_000, "p2")).payment
    again = refund_rules.refund_again(known, RENEWABLE, AT, by="佐藤")
    assert [ask.amount for ask in again.requests] == [1_800]


def test_sums_booked_under_old_names_are_taken_back() -> None:
    """Bookings from before names had versions are known by their prefix."""
    old = PAYS.changed(state="refunded", refunded_amount=3_300, unnamed_refund_amount=3_500,
                       refunds=("total:3500",), losses=(Loss("total:3500", 200, "refund", published=True),),
                       calls=("refund_unexplained",))  # fmt: skip
    story = seen(sum_of(Settled(old), 500))
    assert (money(story.payment), story.payment.calls) == ((2_800, 0), ())


def offered(page: str) -> set[str]:
    """The deeds that the page of the order offers."""
    return set(re.findall(r'action="[^"]*/desk/payments/N1/([a-z/-]+)"', page))


async def test_staff_have_seen_a_doubted_refund_and_request_the_rest(
    payments: Payments, method: Scripted, keys: Keys
) -> None:
    sign_in(payments.browser, keys)
    hold, receipt = granted(), taken()
    doubt = Unknown(reason="amount_differs", mismatch=True, to_request=True, unfit_refund_ref="p1")
    method.script, method.known = [hold, receipt], [(hold, receipt)]
    for event in (placed("N1", "scripted"), capture_requested("N1")):
        await payments.hears(event)
        await payments.work()
    method.script = [doubt]
    await payments.hears(cancelled("N1"))
    await payments.work()
    method.known = [(hold, receipt, refund(500), refund(1_000, "p2"))]
    clock.move(timedelta(minutes=5))
    await payments.work()
    assert (await payments.payment("N1")).held_amount == 2_300

    assert (await press(payments, "N1", "seen")).status_code == 303
    await payments.work()
    owed = await payments.payment("N1")
    assert (owed.state, owed.held_amount, owed.calls) == ("owed", 1_800, ("refund_failed",))
    page = (await payments.browser.get("/desk/payments/N1")).text
    assert "refund" in offered(page)

    method.script = [refund(1_800, "p3")]
    assert (await press(payments, "N1", "refund")).status_code == 303
    await payments.work()
    assert (await payments.payment("N1")).state == "refunded"


async def test_a_second_refund_is_offered_after_the_first_answer(
    payments: Payments, method: Scripted, keys: Keys
) -> None:
    sign_in(payments.browser, keys)
    hold, receipt = granted(), taken()
    method.script, method.known = [hold, receipt], [(hold, receipt)]
    for event in (placed("N1", "scripted"), capture_requested("N1")):
        await payments.hears(event)
        await payments.work()
    method.script = [Unknown(reason="timeout")]
    await press(payments, "N1", "part-refund", refund_amount=500, refund_reason="傷")
    await payments.work()
    page = (await payments.browser.get("/desk/payments/N1")).text
    assert "part-refund" not in offered(page)
    method.known = [(hold, receipt, refund(500))]
    method.script = [refund(500)]
    clock.move(timedelta(minutes=5))
    await payments.work()
    page = (await payments.browser.get("/desk/payments/N1")).text
    assert "part-refund" in offered(page)
