"""What ends a refund of ours, and what refunds of others mean beside it: same amounts, in every order of telling."""

from dataclasses import replace
from uuid import UUID

import pytest

from payments.desk import call_labels
from payments.payment.locked_payments import settle_answers
from payments.payment.rules import order_wishes
from payments.payment.rules.answers import (
    Answer,
    Captured,
    Chargeback,
    RefundDeclined,
    Refunded,
    RefundedInAll,
    RefundWaiting,
    Unknown,
)
from payments.payment.rules.drafting import NewRequest
from payments.payment.rules.payment import Payment
from payments.payment.rules.settling import settle_answer
from payments.refunds import rules as refund_rules
from payments.requests.outcomes import settle_reply
from payments.requests.refund_replies import reply_of_look
from payments.requests.rows import ClaimedRequest
from shared.events import PaymentRefunded
from tests.payments.payment_examples import AT, CARD, payment

PAID_ORDER = payment("captured", captured_amount=3_300, receipts=("r1",))
SILENCE = Unknown(reason="timeout")
R1, R2, CONSOLE = (Refunded(refund_ref=ref, amount=300) for ref in ("r1", "r2", "console"))
NO = RefundDeclined(reason="AmazonRejected", refund_ref="r2")
PENDING = RefundWaiting(refund_refs=("r2",))


def asked(before: Payment, amount: int = 300) -> Payment:
    return refund_rules.refund_part(before, CARD, AT, amount=amount, reason="傷", by="佐藤").payment


def replied(before: Payment, *answers: Answer) -> Payment:
    for answer in answers:
        before = settle_answer(before, "refund", answer, AT, CARD).payment
    return before


def looked(before: Payment, *answers: Answer) -> Payment:
    return settle_answers(before, None, answers, AT, CARD).payment


ONE_DONE = replied(asked(PAID_ORDER), R1)
SECOND = asked(ONE_DONE)


def stands(one: Payment) -> tuple[int, int, tuple[str, ...]]:
    return one.refund_requested_amount, one.refunded_amount, one.calls


def test_an_earlier_refund_of_equal_amount_ends_nothing() -> None:
    assert stands(looked(SECOND, R1)) == (300, 300, ())
    assert refund_rules.part_refund_max(looked(SECOND, R1), CARD) == 0, "one is under way"


def test_a_second_equal_refund_is_ours_by_its_id() -> None:
    pending = replied(SECOND, PENDING)
    assert stands(looked(pending, R1, R2)) == (0, 600, ())
    assert stands(looked(pending, R1, CONSOLE)) == (300, 600, ("refunded_elsewhere",))
    failed = looked(pending, R1, NO)
    assert stands(failed) == (0, 300, ("refund_failed",))


def test_a_second_equal_refund_whose_answer_was_lost_is_ours() -> None:
    heard = looked(replied(SECOND, SILENCE), R1, R2)
    assert stands(heard) == (300, 600, ()), "booked, and asked again by its key"
    assert stands(replied(heard, R2)) == (0, 600, ())


def test_what_was_refunded_elsewhere_is_told_without_ours() -> None:
    spare = replace(PAID_ORDER, suspense_amount=1_000, receipts=("r1", "r2"))
    ours = replied(asked(spare, 1_000), replace(R1, amount=1_000))
    assert ours.refunded_elsewhere_amount == 0
    both = looked(ours, replace(CONSOLE, amount=200))
    assert (both.refunded_amount, both.refunded_elsewhere_amount) == (1_200, 200)
    assert "¥200 が返金されました" in dict(call_labels.calls(both, CARD))["店舗外の返金"]
    again = looked(replied(both, replace(R1, amount=1_000)), replace(CONSOLE, amount=200))
    assert again.refunded_elsewhere_amount == 200
    written = refund_rules.record_outside_refund(
        both, AT, ref="desk:1", amount=500, route="gift_card", note="", by="佐藤"
    )
    assert written.payment.refunded_elsewhere_amount == 200
    lost = looked(both, Chargeback(reference="d1", amount=3_100, state="lost"))
    assert (lost.refunded_amount, lost.refunded_elsewhere_amount) == (4_300, 200)


def test_a_refund_presumed_ours_is_not_told_as_one_of_others() -> None:
    heard = looked(replied(SECOND, SILENCE), R1, CONSOLE)
    assert heard.refunded_elsewhere_amount == 0
    assert replied(heard, R2).refunded_elsewhere_amount == 300
    known_by_sum = looked(replied(SECOND, SILENCE), RefundedInAll(amount=600))
    assert known_by_sum.refunded_elsewhere_amount == 0
    assert replied(known_by_sum, R2).refunded_elsewhere_amount == 0


def test_a_refund_of_others_that_ours_overtook_is_told_whole() -> None:
    over = replied(looked(asked(PAID_ORDER, 3_300), replace(CONSOLE, amount=200)), replace(R1, amount=3_300))
    assert (over.lost_amount, over.refunded_elsewhere_amount) == (200, 200)


def test_a_buyer_is_told_all_that_the_provider_gave_and_once() -> None:
    before = looked(asked(PAID_ORDER, 2_900), replace(CONSOLE, amount=600))
    over = settle_answer(before, "refund", replace(R1, amount=2_900), AT, CARD)
    [told] = [event for event in over.events if isinstance(event, PaymentRefunded)]
    assert (told.amount, told.spare_amount, told.remaining_amount) == (2_900, 0, 0)
    assert (over.payment.refunded_amount, over.payment.lost_amount) == (3_300, 200)
    more = Captured(amount=200, captured_at=AT, receipt_id="r2")
    explained = settle_answer(over.payment, None, more, AT, CARD)
    assert (explained.payment.lost_amount, explained.payment.refunded_amount) == (0, 3_500)
    assert [event for event in explained.events if isinstance(event, PaymentRefunded)] == []


def test_what_went_out_beyond_spare_money_belonged_to_no_order() -> None:
    short = payment("waiting", suspense_amount=300, receipts=("r1",))
    over = settle_answer(short, None, replace(CONSOLE, amount=500), AT, CARD)
    [told] = [event for event in over.events if isinstance(event, PaymentRefunded)]
    assert (told.amount, told.spare_amount, told.remaining_amount) == (500, 500, 0)


def test_staff_are_told_when_an_equal_refund_was_of_others() -> None:
    heard = looked(replied(SECOND, SILENCE), R1, CONSOLE)
    assert stands(heard) == (300, 600, ())
    assert stands(replied(heard, R2)) == (0, 900, ("refunded_elsewhere",))
    assert stands(replied(heard, PENDING)) == (300, 600, ("refunded_elsewhere",))
    assert set(replied(heard, NO).calls) == {"refunded_elsewhere", "refund_failed"}


def test_a_decline_told_by_a_look_without_the_id_ends_nothing() -> None:
    assert stands(looked(replied(SECOND, SILENCE), NO)) == (300, 300, ())
    assert stands(replied(looked(replied(SECOND, SILENCE), NO), NO)) == (0, 300, ("refund_failed",))


@pytest.mark.parametrize(("end", "left"), [(R2, 2_700), (NO, 3_000)])
def test_an_order_cancelled_over_a_pending_refund_is_not_stuck(end: Answer, left: int) -> None:
    cancelled = order_wishes.cancel(looked(replied(SECOND, PENDING), R1), AT)
    assert (cancelled.requests, cancelled.payment.refund_requested_amount) == ((), 300)
    ended = settle_answer(cancelled.payment, "refund", end, AT, CARD)
    if end is R2:
        assert ended.requests == (NewRequest("refund", left, 3),)
    else:
        again = refund_rules.refund_again(ended.payment, CARD, AT, by="佐藤")
        assert (ended.payment.calls, again.requests) == (("refund_failed",), (NewRequest("refund", left, 3),))


def test_a_refund_of_others_between_takes_no_number_of_ours() -> None:
    between = looked(SECOND, CONSOLE)
    ended = replied(between, R2)
    assert order_wishes.cancel(ended, AT).requests == (NewRequest("refund", 2_400, 4),)
    assert (SECOND.our_refund.number, SECOND.sequence_of("refund")) == (2, 3)


def test_an_answer_to_an_earlier_request_ends_no_later_one() -> None:
    late = settle_reply(SECOND, "refund", (R1,), AT, CARD, number=1)
    assert late.payment == SECOND
    assert not SECOND.wants("refund", 1)
    assert SECOND.wants("refund", 2)


def test_a_refund_in_parts_ends_with_its_last_part() -> None:
    parts = replied(asked(PAID_ORDER, 800), RefundWaiting(refund_refs=("p1", "p2")))
    first = looked(parts, Refunded(refund_ref="p1", amount=500))
    assert stands(first) == (300, 500, ())
    assert stands(looked(first, Refunded(refund_ref="p1", amount=500))) == (300, 500, ())
    assert stands(looked(first, Refunded(refund_ref="p2", amount=300))) == (0, 800, ())


def test_the_part_that_failed_is_called_with_its_amount() -> None:
    parts = replied(asked(PAID_ORDER, 800), RefundWaiting(refund_refs=("p1", "p2")))
    failed = looked(parts, RefundDeclined(reason="x", refund_ref="p2"))
    assert stands(failed) == (800, 0, ())
    done = looked(failed, Refunded(refund_ref="p1", amount=500))
    ended = replied(done, RefundDeclined(reason="x"))
    assert stands(ended) == (0, 500, ("refund_failed",))
    assert "依頼した返金（¥300）は成立しませんでした" in call_labels.calls(ended, CARD)[0][1]


SUM = RefundedInAll(amount=500)
OURS = Refunded(refund_ref="ours", amount=500)
NAMED = Refunded(refund_ref="sdk", amount=500)
BOTH = RefundedInAll(amount=1_000)


@pytest.mark.parametrize(
    "told",
    [
        (("reply", OURS), ("look", BOTH), ("look", NAMED), ("look", BOTH)),
        (("look", BOTH), ("reply", OURS), ("look", NAMED), ("look", BOTH)),
        (("look", NAMED), ("look", BOTH), ("reply", OURS), ("look", BOTH)),
        (("look", BOTH), ("look", NAMED), ("reply", OURS), ("look", BOTH)),
        (("look", OURS), ("look", BOTH), ("reply", OURS), ("look", NAMED)),
        (("reply", RefundWaiting(refund_refs=("ours",))), ("look", OURS), ("look", BOTH), ("look", NAMED)),
        (("reply", RefundWaiting(refund_refs=("ours",))), ("look", BOTH), ("look", OURS), ("look", NAMED)),
    ],
)
def test_sum_and_names_add_up_in_every_order(told: tuple[tuple[str, Answer], ...]) -> None:
    one = asked(looked(PAID_ORDER, SUM), 500)
    for how, answer in told:
        one = replied(one, answer) if how == "reply" else looked(one, answer)
    assert (one.refunded_amount, one.unnamed_refund_amount, one.refund_requested_amount) == (1_000, 0, 0)


def test_a_sum_learnt_before_the_call_is_not_ours() -> None:
    one = looked(asked(PAID_ORDER, 500), NAMED, SUM)
    own = replace(OURS, refunded_before=one.reported_refunds_amount)
    done = settle_answer(one, "refund", own, AT, CARD)
    assert [event.amount for event in done.events if isinstance(event, PaymentRefunded)] == [500]
    assert stands(done.payment) == (0, 1_000, ("refunded_elsewhere",))


def request_of(one: Payment, *, attempts: int) -> ClaimedRequest:
    return ClaimedRequest(
        request_id=UUID(int=1),
        payment_id=one.payment_id,
        operation="refund",
        sequence=one.our_refund.number,
        amount=one.refund_requested_amount,
        answer=None,
        caused_by=None,
        traceparent=None,
        attempts=attempts,
        lease=UUID(int=2),
    )


OWN = Refunded(refund_ref="own", amount=1_000)
REST = Refunded(refund_ref="rest", amount=2_300)


@pytest.mark.parametrize(
    ("first", "then", "ref"),
    [
        (OWN, REST, "own"),
        (RefundedInAll(amount=1_000), RefundedInAll(amount=3_300), "total:1000:5"),
    ],
)
def test_a_refund_heard_before_all_went_back_is_done(first: Answer, then: Answer, ref: str) -> None:
    heard = looked(asked(PAID_ORDER, 1_000), first)
    reply = reply_of_look(heard, [then], request_of(heard, attempts=2), AT, CARD)
    assert reply == Refunded(refund_ref=ref, amount=1_000)
    over = settle_reply(heard, "refund", [then, reply], AT, CARD, number=heard.our_refund.number).payment
    assert stands(over)[:2] == (0, 3_300)
    assert stands(looked(over, OWN, REST))[:2] == (0, 3_300), "its name is no second one"


def test_a_refund_never_asked_for_is_not_done() -> None:
    heard = looked(asked(PAID_ORDER, 1_000), OWN)
    reply = reply_of_look(heard, [REST], request_of(heard, attempts=1), AT, CARD)
    assert reply == RefundDeclined(reason="nothing_left")
