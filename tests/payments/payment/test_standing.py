"""The standing of an order's money: published when something unusual changes, and only then."""

from dataclasses import replace

import pytest

from payments.calls import rules as call_rules
from payments.payment.locked_payments import settle_answers
from payments.payment.rules import order_wishes
from payments.payment.rules.answers import (
    Answer,
    NoLongerReported,
    Refunded,
    Reversed,
    Voided,
)
from payments.payment.rules.details import CaptureWish
from payments.payment.rules.drafting import Settled
from payments.payment.rules.payment import Payment
from payments.payment.rules.settling import settle_answer
from payments.payment.rules.standing import with_standing
from payments.payment.rules.terms import Terms
from shared.events import (
    PaymentCaptured,
    PaymentStandingChanged,
)
from tests.payments.payment_examples import (
    ABOUT,
    AT,
    BANK,
    CARD,
    GRANTED,
    KONBINI,
    NUMBER,
    PAID,
    payment,
)


def kinds(settled: Settled) -> list[type]:
    return [type(event) for event in settled.events]


def test_an_order_of_nothing_is_paid_at_once_and_nobody_is_asked() -> None:
    free = payment("placed", amount=0)
    for terms in (CARD, KONBINI, BANK):
        begun = order_wishes.begin(free, terms)
        assert (begun.payment.state, begun.requests, kinds(begun)) == ("captured", (), [PaymentCaptured])
        assert order_wishes.cancel(begun.payment, AT).requests == ()


@pytest.mark.parametrize(
    ("before", "answers", "terms"),
    [
        (payment(), [GRANTED], CARD),
        (payment("capturing", authorization_id="a1", capture_wish=CaptureWish("shipped")), [PAID], CARD),
        (payment("waiting", number=NUMBER), [PAID], KONBINI),
        (payment("voiding", authorization_id="a1", order_cancelled=True), [Voided()], CARD),
        (
            payment("refunding", order_cancelled=True, captured_amount=3_300),
            [Refunded(refund_ref="f1", amount=3_300)],
            CARD,
        ),
    ],
)
def test_the_straight_way_needs_no_word_about_the_standing(
    before: Payment, answers: list[Answer], terms: Terms
) -> None:
    settled = settle_answers(before, None, answers, AT, terms)
    assert with_standing(before, settled, AT) == settled


def test_the_standing_is_said_whole_with_a_growing_revision() -> None:
    before = payment("captured", captured_amount=3_300, revision=4)
    settled = settle_answer(before, None, Refunded(refund_ref="h1", amount=500), AT, CARD)
    said = with_standing(before, settled, AT)
    told = said.events[-1]
    expected = PaymentStandingChanged(
        **ABOUT,
        revision=5,
        calls=("refunded_elsewhere",),
        expected_amount=3_300,
        captured_amount=3_300,
        refunded_amount=500,
        refunded_elsewhere_amount=500,
        sale_amount=2_800,
        lost_its_sale=False,
    )
    assert told.model_dump() == expected.model_dump()
    seen = call_rules.mark_seen(said.payment, CARD, AT, by="佐藤")
    over = with_standing(said.payment, seen, AT).events[-1]
    assert isinstance(over, PaymentStandingChanged)
    assert (over.revision, over.calls) == (6, ())


def lost_after(before: Payment, settled: Settled) -> list[bool | None]:
    """Return whether each published standing says that the order lost its sale."""
    told = with_standing(before, settled, AT).events
    return [one.lost_its_sale for one in told if isinstance(one, PaymentStandingChanged)]


def paid_number() -> Payment:
    return settle_answer(payment("waiting", number=NUMBER), None, PAID, AT, KONBINI).payment


def test_the_standing_says_that_a_reversed_sale_is_lost() -> None:
    paid = paid_number()
    gone = settle_answer(paid, None, Reversed(receipt_id="r1", amount=3_300), AT, KONBINI)
    assert lost_after(paid, gone) == [True]
    again = settle_answer(gone.payment, None, replace(PAID, receipt_id="r2"), AT, KONBINI)
    assert lost_after(gone.payment, again) == [False]


def test_a_receipt_told_no_more_takes_the_sale() -> None:
    paid = paid_number()
    told = settle_answer(paid, None, NoLongerReported(receipts=("r1",)), AT, KONBINI).payment
    assert lost_after(told, call_rules.mark_seen(told, KONBINI, AT, by="佐藤")) == [True]


def test_a_sale_that_was_set_aside_is_lost_with_its_last_yen() -> None:
    paid = settle_answer(payment("capturing", authorization_id="a1"), "capture", PAID, AT, CARD).payment
    less = settle_answer(paid, None, replace(PAID, amount=3_000), AT, CARD).payment
    seen = call_rules.mark_seen(less, CARD, AT, by="佐藤")
    assert lost_after(less, seen) == [False]
    back = settle_answer(seen.payment, None, Refunded(refund_ref="h1", amount=3_000), AT, CARD)
    assert lost_after(seen.payment, back) == [True]
