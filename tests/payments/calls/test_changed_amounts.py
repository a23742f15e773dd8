"""A provider that tells of known money with another amount than before: never old news, and nothing is final until a person
has looked or it is told as it was booked."""

from datetime import timedelta
from typing import Any

import pytest

from harness.keys import Keys
from payments.calls import rules as call_rules
from payments.deposits import rules as deposit_rules
from payments.payment.locked_payments import end_mismatch, settle_answers
from payments.payment.rules import order_wishes
from payments.payment.rules.answers import (
    Answer,
    Authorized,
    Captured,
    Refunded,
    RefundedInAll,
    Reversed,
    Unknown,
)
from payments.payment.rules.drafting import NewRequest, Settled
from payments.payment.rules.payment import Payment
from payments.payment.rules.reports.checking import checked
from payments.payment.rules.terms import Terms
from payments.refunds import rules as refund_rules
from payments.watching.watch_payments import is_overdue
from shared.clock import clock, now
from shared.events import PaymentCaptured, RefundTakenBack
from tests.payments.order_examples import cancelled, capture_requested, placed
from tests.payments.payment_examples import AT, CARD, DUE, KONBINI, NUMBER, PLACED, RENEWABLE, payment
from tests.payments.payments_service import Payments
from tests.payments.scripted import Scripted
from tests.payments.staff import press, sign_in

WAITING = payment("waiting", number=NUMBER)


def told(amount: int, receipt: str = "r1") -> Captured:
    return Captured(amount=amount, captured_at=PLACED, receipt_id=receipt)


def heard(before: Payment, *answers: Answer, terms: Terms = KONBINI) -> Settled:
    return settle_answers(before, None, answers, AT, terms)


def books(payment: Payment) -> tuple[str, int, int, int]:
    return payment.state, payment.captured_amount, payment.suspense_amount, payment.refunded_amount


def test_another_amount_for_a_known_receipt_calls_a_person() -> None:
    doubted = heard(WAITING, told(330), told(3_300))
    assert books(doubted.payment) == ("waiting", 0, 330, 0)
    assert "answer_mismatch" in doubted.payment.calls
    assert [step.note for step in doubted.steps if step.because == "receipt told otherwise"] == [
        "¥330 → ¥3,300"
    ]
    again = heard(doubted.payment, told(3_300))
    assert again == Settled(doubted.payment)


@pytest.mark.parametrize("kept", [{}, {"receipt_amounts": {"r1": 330}}])
def test_receipts_from_before_amounts_were_kept_are_compared(kept: dict[str, Any]) -> None:
    old = payment("waiting", number=NUMBER, receipts=("r1",), suspense_amount=330, **kept)
    assert heard(old, told(3_300)).payment.receipt_amounts_in_doubt == {"r1": 3_300}


def test_money_told_as_it_was_booked_is_not_doubted_any_more() -> None:
    doubted = heard(WAITING, told(330), told(3_300)).payment
    assert heard(doubted, told(330)).payment.receipt_amounts_in_doubt == {}


def test_nothing_is_undone_while_its_amount_is_doubted() -> None:
    doubted = heard(WAITING, told(330), told(3_300)).payment
    over = order_wishes.cancel(doubted, AT)
    assert over.requests == ()
    clear = end_mismatch(heard(over.payment, told(330)), AT, KONBINI)
    assert clear.requests == (NewRequest("void", 3_300),)


def test_nothing_is_decided_while_its_amount_is_doubted() -> None:
    held = payment("authorized", authorization_id="a1")
    short = heard(held, told(330), told(3_300), terms=RENEWABLE).payment
    assert short.state == "short"
    assert not order_wishes.may_reauthorize(short, RENEWABLE)
    assert not deposit_rules.may_accept_short(short)


def test_who_sees_more_money_books_the_rest_and_pays_the_order() -> None:
    doubted = heard(WAITING, told(330), told(3_300)).payment
    seen = call_rules.mark_seen(doubted, KONBINI, AT, by="佐藤")
    assert books(seen.payment) == ("captured", 3_300, 0, 0)
    assert (seen.payment.calls, seen.payment.receipt_amounts_in_doubt) == ((), {})
    assert [type(event) for event in seen.events] == [PaymentCaptured]
    assert heard(seen.payment, told(3_300)) == Settled(seen.payment)


def test_who_sees_more_money_of_a_cancelled_order_returns_it_all() -> None:
    doubted = order_wishes.cancel(heard(WAITING, told(330), told(3_300)).payment, AT).payment
    assert call_rules.mark_seen(doubted, KONBINI, AT, by="佐藤").requests == (NewRequest("refund", 3_300),)


def test_more_money_is_found_after_the_rest_went_back() -> None:
    back = payment("refunded", number=NUMBER, receipts=("r1",), receipt_amounts={"r1": 330}, suspense_amount=330,
                   suspense_returned_amount=330, refunded_amount=330, order_cancelled=True)  # fmt: skip
    doubted = heard(back, told(3_300)).payment
    assert doubted.calls == ("answer_mismatch",)
    assert call_rules.mark_seen(doubted, KONBINI, AT, by="佐藤").requests == (NewRequest("refund", 2_970),)


def test_who_has_seen_less_money_takes_the_difference_out() -> None:
    paid = heard(WAITING, told(3_300)).payment
    seen = call_rules.mark_seen(heard(paid, told(330)).payment, KONBINI, AT, by="佐藤")
    assert books(seen.payment) == ("waiting", 0, 330, 0)
    assert seen.payment.calls == ("short_money",)


def test_less_money_of_a_hold_leaves_the_order_short() -> None:
    held = payment("authorized", authorization_id="a1")
    doubted = heard(held, told(3_300), told(330), terms=CARD).payment
    seen = call_rules.mark_seen(doubted, CARD, AT, by="佐藤")
    assert books(seen.payment) == ("short", 0, 330, 0)
    assert seen.payment.calls == ("short_money",)


def test_less_money_than_went_back_is_a_loss() -> None:
    back = payment("refunded", number=NUMBER, receipts=("r1",), receipt_amounts={"r1": 3_300},
                   captured_amount=3_300, refunded_amount=3_300, order_cancelled=True)  # fmt: skip
    seen = call_rules.mark_seen(heard(back, told(330)).payment, KONBINI, AT, by="佐藤")
    assert seen.payment.lost_amount == 2_970


def test_a_receipt_corrected_twice_is_booked_under_own_names() -> None:
    first = call_rules.mark_seen(heard(WAITING, told(330), told(3_300)).payment, KONBINI, AT, by="佐藤")
    second = call_rules.mark_seen(heard(first.payment, told(330)).payment, KONBINI, AT, by="佐藤")
    third = call_rules.mark_seen(heard(second.payment, told(3_300)).payment, KONBINI, AT, by="佐藤")
    booked = [(one.reason, one.subject) for part in (first, second, third) for one in part.entries]
    assert len(booked) == len(set(booked))
    assert books(third.payment) == ("captured", 3_300, 0, 0)


def test_a_corrected_receipt_is_reversed_as_a_whole() -> None:
    paid = call_rules.mark_seen(
        heard(WAITING, told(330), told(3_300)).payment, KONBINI, AT, by="佐藤"
    ).payment
    gone = heard(paid, Reversed(receipt_id="r1", amount=3_300)).payment
    assert books(gone) == ("waiting", 0, 0, 0)


def test_a_doubted_receipt_is_reversed_as_it_was_booked() -> None:
    doubted = heard(WAITING, told(330), told(3_300)).payment
    gone = heard(doubted, Reversed(receipt_id="r1", amount=3_300)).payment
    assert (books(gone), gone.receipt_amounts_in_doubt, gone.lost_amount) == (("waiting", 0, 0, 0), {}, 0)


def back(amount: int, ref: str = "p1") -> Refunded:
    return Refunded(refund_ref=ref, amount=amount)


REFUNDED = heard(order_wishes.cancel(heard(WAITING, told(3_300)).payment, AT).payment, back(3_300)).payment


def test_another_amount_for_a_known_refund_calls_a_person() -> None:
    doubted = heard(REFUNDED, back(1_000))
    assert books(doubted.payment) == ("refunded", 3_300, 0, 3_300)
    assert (doubted.payment.calls, doubted.entries) == (("answer_mismatch",), ())
    assert [(step.because, step.note) for step in doubted.steps] == [
        ("refund told otherwise", "¥3,300 → ¥1,000")
    ]
    assert heard(doubted.payment, back(1_000)) == Settled(doubted.payment)
    assert heard(doubted.payment, RefundedInAll(amount=4_300)) == Settled(doubted.payment)
    assert not heard(doubted.payment, back(3_300)).payment.reported_otherwise


def test_who_has_seen_that_less_went_back_owes_the_rest() -> None:
    seen = call_rules.mark_seen(heard(REFUNDED, back(1_000)).payment, KONBINI, AT, by="佐藤")
    assert books(seen.payment) == ("owed", 3_300, 0, 1_000)
    assert seen.payment.calls == ("refund_failed",)
    assert [type(event) for event in seen.events] == [RefundTakenBack]
    again = refund_rules.refund_again(seen.payment, KONBINI, AT, by="佐藤")
    assert again.requests[0].amount == 2_300


def test_who_has_seen_that_more_went_back_books_a_loss() -> None:
    seen = call_rules.mark_seen(heard(REFUNDED, back(4_000)).payment, KONBINI, AT, by="佐藤").payment
    assert (seen.refunded_amount, seen.lost_amount) == (3_300, 700)
    assert "refund_unexplained" in seen.calls
    less = call_rules.mark_seen(heard(seen, back(3_300)).payment, KONBINI, AT, by="佐藤").payment
    assert (less.refunded_amount, less.lost_amount, less.reported_refunds_amount) == (3_300, 0, 3_300)
    assert less.calls == ()


def test_a_loss_by_a_refund_is_undone_before_what_went_back() -> None:
    lost = heard(REFUNDED, back(500, "p2")).payment
    assert lost.lost_amount == 500
    seen = call_rules.mark_seen(heard(lost, back(200, "p2")).payment, KONBINI, AT, by="佐藤").payment
    assert (seen.refunded_amount, seen.lost_amount) == (3_300, 200)


@pytest.mark.parametrize("amount", [330, 3_301])
def test_a_capture_of_another_amount_than_asked_is_not_believed(amount: int) -> None:
    held = payment("capturing", authorization_id="a1")
    answer = checked(held, told(amount), AT, operation="capture", amount=3_300)
    assert answer == Unknown(reason="amount_differs", mismatch=True)


def test_a_part_that_was_asked_for_is_believed() -> None:
    held = payment("capturing", authorization_id="a1")
    assert checked(held, told(330), AT, operation="capture", amount=330) == told(330)


async def captured_as(payments: Payments, method: Scripted, amount: int, *, found: int) -> None:
    """The reply to a capture of ¥3,300 tells ``amount``, a look tells ``found``."""
    hold = Authorized(authorization_id="a1", amount=3_300, authorized_at=now())
    method.script = [hold, told(amount)]
    await payments.hears(placed("N1", "scripted"))
    await payments.work()
    await payments.hears(capture_requested("N1"))
    method.known = [(hold, told(found))]
    await payments.work()


async def test_a_look_tells_what_a_capture_really_took(payments: Payments, method: Scripted) -> None:
    await captured_as(payments, method, 330, found=3_300)
    doubted = await payments.payment("N1")
    assert (books(doubted), doubted.calls) == (("capturing", 0, 0, 0), ("answer_mismatch",))

    clock.move(timedelta(minutes=1))
    await payments.work()

    seen = await payments.payment("N1")
    assert (books(seen), seen.calls) == (("captured", 3_300, 0, 0), ())
    assert len([one for one in method.asked if one[0] == "capture"]) == 1


async def test_a_capture_that_took_less_leaves_the_order_short(payments: Payments, method: Scripted) -> None:
    await captured_as(payments, method, 330, found=330)
    clock.move(timedelta(minutes=1))
    await payments.work()
    seen = await payments.payment("N1")
    assert (books(seen), seen.calls) == (("short", 0, 330, 0), ("short_money", "authorization_ended"))


async def test_what_staff_have_seen_is_booked_and_goes_back(
    payments: Payments, method: Scripted, keys: Keys
) -> None:
    method.terms = KONBINI
    method.look_after = timedelta(days=30)
    await captured_as(payments, method, 3_300, found=3_300)
    method.known = [(told(3_300), told(4_000))]
    sign_in(payments.browser, keys)
    assert (await press(payments, "N1", "look-up")).status_code == 303
    await payments.work()
    await payments.hears(cancelled("N1"))
    await payments.work()
    assert [one for one in method.asked if one[0] == "refund"] == []
    page = (await payments.browser.get("/desk/payments/N1")).text
    assert "決済会社が示している金額（入金額 ¥4,000）で記録し直し" in page

    assert (await press(payments, "N1", "seen")).status_code == 303

    amounts = await payments.rows("SELECT amount FROM receipts ORDER BY at, amount DESC")
    assert [row.amount for row in amounts] == [3_300, 700]
    [asked] = await payments.rows("SELECT amount FROM payment_requests WHERE operation = 'refund'")
    assert asked.amount == 4_000


def test_a_number_does_not_expire_while_its_money_is_doubted() -> None:
    doubted = heard(WAITING, told(330), told(3_300)).payment
    assert is_overdue(WAITING, KONBINI, DUE + timedelta(days=1))
    assert not is_overdue(doubted, KONBINI, DUE + timedelta(days=1))
